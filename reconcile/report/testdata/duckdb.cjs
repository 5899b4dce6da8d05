// Reads a Parquet report with DuckDB and prints what it says, as JSON.
//
//   node duckdb.cjs DIRECTORY FILE [AMOUNT]
//
// DIRECTORY holds node_modules/@duckdb/node-api. AMOUNT is a decimal to count rows above.
const { createRequire } = require("node:module");
const path = require("node:path");

async function main([directory, file, amount = "0"]) {
  const load = createRequire(path.resolve(directory, "package.json"));
  const { DuckDBInstance } = load("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const from = `read_parquet('${file.replaceAll("'", "''")}')`;
  const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjects();

  const types = {};
  for (const column of await rows(`DESCRIBE SELECT * FROM ${from}`)) {
    types[column.column_name] = column.column_type;
  }
  const sum = (column) => `CAST(coalesce(sum(${column}), 0) AS VARCHAR) AS ${column}`;
  const [totals] = await rows(
    `SELECT CAST(count(*) AS VARCHAR) AS rows, ${["gross", "fee", "tax", "net"].map(sum).join(", ")} FROM ${from}`,
  );
  // Counted with a filter, so that DuckDB skips row groups by the bounds the file records.
  const count = async (where) => Number((await rows(`SELECT count(*) AS n FROM ${from} WHERE ${where}`))[0].n);
  const counts = {
    negative: await count("net < 0"),
    positive: await count("net > 0"),
    above: await count(`net > ${amount}`),
    presented: await count(`presentment_amount > 0`),
  };
  const first = await rows(
    `SELECT CAST(business_date AS VARCHAR) AS business_date, CAST(epoch_us(created_at_utc) AS VARCHAR) AS created_us,
            created_local, merchant_id, order_id, CAST(presentment_amount AS VARCHAR) AS presentment_amount,
            CAST(net AS VARCHAR) AS net, late FROM ${from} ORDER BY line_no LIMIT 3`,
  );
  console.log(JSON.stringify({ types, totals, counts, first }));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
