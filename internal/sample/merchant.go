package sample

// A merchant is described by what it sells.
type merchant struct {
	id       string
	orders   string // prefix of its order ids
	deposits int    // in the month, beside the scripted ones
	rhythm   rhythm
	baskets  []basket
	refunds  int        // per thousand deposits
	disputes int        // per thousand card deposits
	payouts  *payoutsBy // nil: it is settled by schedule
}

// A basket is a kind of purchase: amounts from low to high in steps, in whole
// units of the currency, less off (1 makes 499 of 500).
type basket struct {
	weight, low, high, step, off int
	loose                        bool // sold by weight: any number of paisa
	by                           mix
}

// A mix says how often each method pays.
type mix struct{ upi, card, wallet, bank int }

func (b basket) amount(d draw) int64 {
	minor := int64(d.between(b.low, b.high, b.step)-b.off) * 100
	if b.loose {
		minor += int64(d.IntN(100))
	}
	return minor
}

func indianMerchants() []merchant {
	return []merchant{
		{id: "m_in_chaiwala", orders: "TEA", deposits: 620, rhythm: food, refunds: 12, disputes: 0, baskets: []basket{
			{weight: 62, low: 15, high: 90, step: 5, by: mix{upi: 92, wallet: 8}},
			{weight: 30, low: 100, high: 380, step: 10, by: mix{upi: 82, card: 8, wallet: 10}},
			{weight: 8, low: 450, high: 2400, step: 50, by: mix{upi: 60, card: 34, wallet: 6}},
		}},
		{id: "m_in_kirana", orders: "KIR", deposits: 520, rhythm: shop, refunds: 30, disputes: 12, baskets: []basket{
			{weight: 55, low: 40, high: 600, step: 1, loose: true, by: mix{upi: 80, card: 10, wallet: 10}},
			{weight: 38, low: 600, high: 2800, step: 1, loose: true, by: mix{upi: 58, card: 34, wallet: 8}},
			{weight: 7, low: 3000, high: 9000, step: 50, by: mix{upi: 40, card: 50, bank: 10}},
		}},
		{id: "m_in_sareeshop", orders: "SRE", deposits: 260, rhythm: shop, refunds: 62, disputes: 60, baskets: []basket{
			{weight: 55, low: 1200, high: 4500, step: 50, off: 1, by: mix{upi: 45, card: 50, wallet: 5}},
			{weight: 35, low: 4500, high: 12000, step: 250, off: 1, by: mix{upi: 30, card: 65, bank: 5}},
			{weight: 10, low: 12500, high: 38000, step: 500, by: mix{upi: 5, card: 75, bank: 20}},
		}},
		{id: "m_in_booknest", orders: "BN", deposits: 280, rhythm: online, refunds: 70, disputes: 35, baskets: []basket{
			{weight: 70, low: 200, high: 900, step: 50, off: 1, by: mix{upi: 62, card: 28, wallet: 10}},
			{weight: 30, low: 900, high: 3500, step: 25, by: mix{upi: 48, card: 45, wallet: 7}},
		}},
		{id: "m_in_yatra", orders: "YTR", deposits: 190, rhythm: online, refunds: 40, disputes: 40, baskets: []basket{
			{weight: 60, low: 900, high: 4200, step: 10, by: mix{upi: 55, card: 40, wallet: 5}},
			{weight: 32, low: 4200, high: 9800, step: 10, by: mix{upi: 35, card: 60, bank: 5}},
			{weight: 8, low: 10000, high: 18500, step: 100, by: mix{upi: 10, card: 75, bank: 15}},
		}},
		{id: "m_in_freelance", orders: "FRL", deposits: 150, rhythm: office, baskets: []basket{
			{weight: 60, low: 1500, high: 6000, step: 100, by: mix{upi: 65, card: 20, bank: 15}},
			{weight: 40, low: 6000, high: 24000, step: 250, by: mix{upi: 20, card: 20, bank: 60}},
		}, payouts: &payoutsBy{low: 2000, high: 16000, step: 50, most: 2, methods: []string{"UPI", "BANK_TRANSFER"}}},
	}
}

func pakistaniMerchants() []merchant {
	return []merchant{
		{id: "m_pk_karahi", orders: "KRH", deposits: 390, rhythm: food, refunds: 20, disputes: 8, baskets: []basket{
			{weight: 60, low: 600, high: 2800, step: 50, by: mix{card: 42, wallet: 54, bank: 4}},
			{weight: 34, low: 2800, high: 7500, step: 50, by: mix{card: 62, wallet: 34, bank: 4}},
			{weight: 6, low: 8000, high: 32000, step: 500, by: mix{card: 60, wallet: 10, bank: 30}},
		}},
		{id: "m_pk_chappal", orders: "CHP", deposits: 270, rhythm: shop, refunds: 75, disputes: 40, baskets: []basket{
			{weight: 70, low: 1500, high: 4500, step: 100, off: 1, by: mix{card: 45, wallet: 50, bank: 5}},
			{weight: 30, low: 4500, high: 9500, step: 250, off: 1, by: mix{card: 62, wallet: 32, bank: 6}},
		}},
		{id: "m_pk_cricketgear", orders: "BAT", deposits: 220, rhythm: online, refunds: 70, disputes: 50, baskets: []basket{
			{weight: 60, low: 900, high: 6000, step: 50, by: mix{card: 40, wallet: 54, bank: 6}},
			{weight: 40, low: 6000, high: 28000, step: 250, by: mix{card: 62, wallet: 20, bank: 18}},
		}},
		{id: "m_pk_mobilemart", orders: "MOB", deposits: 200, rhythm: online, refunds: 35, disputes: 30, baskets: []basket{
			{weight: 55, low: 1200, high: 7500, step: 50, off: 1, by: mix{card: 40, wallet: 55, bank: 5}},
			{weight: 37, low: 15000, high: 42000, step: 500, off: 1, by: mix{card: 65, wallet: 15, bank: 20}},
			{weight: 8, low: 45000, high: 74000, step: 1000, off: 1, by: mix{card: 65, bank: 35}},
		}},
		{id: "m_pk_gigwork", orders: "GIG", deposits: 160, rhythm: office, baskets: []basket{
			{weight: 65, low: 3000, high: 15000, step: 250, by: mix{card: 25, wallet: 45, bank: 30}},
			{weight: 35, low: 15000, high: 60000, step: 500, by: mix{card: 25, wallet: 5, bank: 70}},
		}, payouts: &payoutsBy{low: 3000, high: 40000, step: 100, most: 2, methods: []string{"WALLET", "BANK_TRANSFER"}}},
	}
}

func bangladeshiMerchants() []merchant {
	return []merchant{
		{id: "m_bd_mishti", orders: "MST", deposits: 340, rhythm: food, refunds: 20, disputes: 8, baskets: []basket{
			{weight: 64, low: 120, high: 900, step: 10, by: mix{card: 16, wallet: 82, bank: 2}},
			{weight: 36, low: 900, high: 3600, step: 50, by: mix{card: 36, wallet: 60, bank: 4}},
		}},
		{id: "m_bd_boighor", orders: "BOI", deposits: 270, rhythm: online, refunds: 70, disputes: 45, baskets: []basket{
			{weight: 72, low: 180, high: 1200, step: 20, by: mix{card: 26, wallet: 72, bank: 2}},
			{weight: 28, low: 1200, high: 5200, step: 50, by: mix{card: 46, wallet: 48, bank: 6}},
		}},
		{id: "m_bd_jamdani", orders: "JMD", deposits: 180, rhythm: shop, refunds: 30, disputes: 40, baskets: []basket{
			{weight: 66, low: 1800, high: 6500, step: 100, by: mix{card: 46, wallet: 48, bank: 6}},
			{weight: 34, low: 6500, high: 16500, step: 250, by: mix{card: 66, wallet: 16, bank: 18}},
		}},
		{id: "m_bd_riders", orders: "RDR", deposits: 170, rhythm: office, baskets: []basket{
			{weight: 76, low: 250, high: 2400, step: 10, by: mix{card: 6, wallet: 90, bank: 4}},
			{weight: 24, low: 2500, high: 18000, step: 100, by: mix{card: 10, wallet: 20, bank: 70}},
		}, payouts: &payoutsBy{low: 600, high: 9000, step: 20, most: 2, methods: []string{"WALLET", "WALLET", "BANK_TRANSFER"}}},
	}
}
