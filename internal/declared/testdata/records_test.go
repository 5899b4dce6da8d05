package testdata

const testRecord = "of a test"
