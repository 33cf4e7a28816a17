package main

// The rooms of the purchase: they speak of calls and answers, and the program makes the connections, so that they too
// know no network, no file and no clock.
func init() {
	modules["github.com/xuri/excelize"] = "excelize"
	rooms["recommend/order"] = []string{"pricing", "pricing/catalog", "pricing/money"}
	rooms["recommend/order/place"] = []string{"recommend/order", "pricing", "pricing/catalog", "pricing/money"}
	rooms["recommend/order/paper"] = []string{"excelize", "recommend/order", "recommend/order/place", "pricing", "pricing/catalog", "pricing/money"}
	rooms["recommend/order/hook"] = []string{"recommend/order", "pricing/money"}
	rooms["recommend/order/prove"] = []string{"recommend/order", "recommend/order/place", "recommend/bill", "ingest/usage", "pricing", "pricing/catalog", "pricing/money"}
}
