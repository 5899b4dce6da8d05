package config_test

// A form says what a key holds, as a JSON Schema does.
type form map[string]any

// A single value is the text that stands in the file, so where YAML makes a
// number of it, that is as good.
var (
	text     = form{"type": []string{"string", "number", "boolean"}, "minLength": 1, "pattern": `^\S(.*\S)?$`}
	anyText  = form{"type": []string{"string", "number", "boolean"}}
	id       = form{"type": []string{"string", "number", "boolean"}, "pattern": `^[A-Za-z0-9._-]{1,64}$`}
	zone     = form{"type": "string", "minLength": 1}
	truth    = form{"enum": []any{true, false, "true", "false"}}
	whole    = form{"type": []string{"integer", "string"}, "pattern": `^(0|-?[1-9][0-9]*)$`}
	rate     = form{"type": []string{"string", "number"}, "pattern": `^-?[0-9]+(\.[0-9]+)?%?$`}
	amount   = form{"type": []string{"string", "number"}, "pattern": `^[0-9]+(\.[0-9]+)?( [A-Z]{3})?$`}
	price    = form{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? [A-Z]{3}$`}
	currency = form{"type": "string", "pattern": `^[A-Z]{3}$`}
	target   = form{"type": "string", "pattern": `^([A-Z]{3}|merchant)$`}
	country  = form{"type": "string", "pattern": `^[A-Z]{2}$`}
	date     = form{"type": "string", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
	clock    = form{"type": "string", "pattern": `^([01][0-9]|2[0-3]):[0-5][0-9]$`}
	length   = form{"type": []string{"string", "integer"}, "pattern": `^[+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`}
	anObject = form{"type": "object"}
	scope    = form{"type": []string{"object", "string"}, "pattern": "^platform$"} // pattern is about texts only
	weekday  = words("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
	weekend  = form{"type": "string", "pattern": `^((1st|2nd|3rd|4th|5th) )?(sun|mon|tues|wednes|thurs|fri|satur)day$`}
	rounding = words("half_even", "half_up", "down", "up")
	mapping  = form{"type": "object", "additionalProperties": anyText}
)

// words are the only texts that a key may hold.
func words(all ...string) form { return form{"enum": all} }

// list holds as many of a form as one likes; what its keys are stands below
// path[].
func list(of form) form { return form{"type": "array", "items": of} }

// some is a list that is not empty.
func some(of form) form { return form{"type": "array", "items": of, "minItems": 1} }

// with adds to a form.
func with(f, more form) form {
	out := form{}
	for _, part := range []form{f, more} {
		for k, v := range part {
			out[k] = v
		}
	}
	return out
}

// schemaForms says of every key that the reader knows which form it has. Its
// meaning and its default are those of docs/CONFIGURATION.md; where that says
// *required* and nothing else, the key is required.
var schemaForms = map[string]form{
	"data":              text,
	"reports":           text,
	"formats":           some(words("csv", "json", "jsonl", "parquet")),
	"run":               anObject,
	"run.wake":          text,
	"unknown_merchants": words("reject", "create"),
	"rates":             anObject,
	"rates.file":        text,
	"approve_above":     list(price),

	"calendars": list(with(anObject, form{"anyOf": []form{
		{"required": []string{"extends"}},
		{"required": []string{"source", "valid_from", "valid_until"}},
	}})),
	"calendars[].id":                          id,
	"calendars[].extends":                     text,
	"calendars[].name":                        text,
	"calendars[].source":                      text,
	"calendars[].valid_from":                  date,
	"calendars[].valid_until":                 date,
	"calendars[].weekend":                     list(weekend),
	"calendars[].remove_holidays":             list(date),
	"calendars[].holidays":                    list(anObject),
	"calendars[].holidays[].date":             date,
	"calendars[].holidays[].name":             text,
	"calendars[].holidays[].estimated":        truth,
	"calendars[].extra_open":                  list(date),
	"calendars[].cutoff_overrides":            list(anObject),
	"calendars[].cutoff_overrides[].date":     date,
	"calendars[].cutoff_overrides[].label":    text,
	"calendars[].cutoff_overrides[].at":       clock,
	"calendars[].cutoff_overrides[].name":     text,
	"regions":                                 some(anObject),
	"regions[].id":                            id,
	"regions[].name":                          text,
	"regions[].countries":                     list(country),
	"regions[].currencies":                    some(currency),
	"regions[].bank":                          id,
	"regions[].input_tax":                     id,
	"merchants":                               list(anObject),
	"merchants[].id":                          id,
	"merchants[].name":                        text,
	"merchants[].region":                      text,
	"merchants[].currency":                    currency,
	"schedules":                               some(with(anObject, scheduleConditions)),
	"schedules[].id":                          id,
	"schedules[].effective_from":              date,
	"schedules[].for":                         some(scope),
	"schedules[].for[].merchant":              text,
	"schedules[].for[].region":                text,
	"schedules[].for[].currency":              currency,
	"schedules[].for[].method":                text,
	"schedules[].timezone":                    zone,
	"schedules[].cutoffs":                     some(anObject),
	"schedules[].cutoffs[].at":                clock,
	"schedules[].cutoffs[].label":             text,
	"schedules[].cutoff_inclusive":            truth,
	"schedules[].grace":                       length,
	"schedules[].anchor":                      anObject,
	"schedules[].anchor.kind":                 words("each_window", "daily", "weekly", "monthly", "cron", "manual"),
	"schedules[].anchor.cron":                 text,
	"schedules[].anchor.weekdays":             list(weekday),
	"schedules[].anchor.month_days":           list(whole),
	"schedules[].anchor.roll":                 words("none", "following", "preceding", "modified_following"),
	"schedules[].delay":                       anObject,
	"schedules[].delay.n":                     whole,
	"schedules[].delay.unit":                  words("business_days", "calendar_days", "hours"),
	"schedules[].calendars":                   list(text),
	"schedules[].min_payout":                  price,
	"schedules[].max_payout":                  price,
	"schedules[].approve_above":               price,
	"schedules[].hold":                        anObject,
	"schedules[].hold.until":                  date,
	"schedules[].hold.reason":                 text,
	"schedules[].fx":                          anObject,
	"schedules[].fx.target":                   target,
	"schedules[].fx.spread":                   rate,
	"schedules[].fx.max_age":                  length,
	"schedules[].min_balance_retained":        price,
	"schedules[].negative":                    words("carry", "debit", "block"),
	"taxes":                                   list(anObject),
	"taxes[].id":                              id,
	"taxes[].code":                            id,
	"taxes[].rate":                            rate,
	"taxes[].inclusive":                       truth,
	"taxes[].split":                           list(anObject),
	"taxes[].split[].code":                    id,
	"taxes[].split[].weight":                  whole,
	"fees":                                    some(anObject),
	"fees[].id":                               id,
	"fees[].effective_from":                   date,
	"fees[].effective_to":                     date,
	"fees[].priority":                         whole,
	"fees[].match":                            anObject,
	"fees[].match.event":                      words("capture", "dispute", "payout", "refund", "settlement", "instant", "fx"),
	"fees[].match.region":                     text,
	"fees[].match.currency":                   currency,
	"fees[].match.merchant":                   text,
	"fees[].match.method":                     text,
	"fees[].match.brand":                      text,
	"fees[].match.funding":                    text,
	"fees[].match.domestic":                   truth,
	"fees[].components":                       some(anObject),
	"fees[].components[].kind":                text,
	"fees[].components[].rate":                rate,
	"fees[].components[].fixed":               amount,
	"fees[].components[].min":                 amount,
	"fees[].components[].max":                 amount,
	"fees[].components[].band":                anObject,
	"fees[].components[].band.over":           amount,
	"fees[].components[].band.up_to":          amount,
	"fees[].components[].base":                words("gross", "cost", "cost_and_tax"),
	"fees[].components[].unit":                anObject,
	"fees[].components[].unit.size":           amount,
	"fees[].components[].unit.price":          amount,
	"fees[].components[].unit.started":        truth,
	"fees[].components[].tiers":               with(anObject, tierConditions),
	"fees[].components[].tiers.mode":          words("graduated", "volume"),
	"fees[].components[].tiers.measure":       words("amount", "count"),
	"fees[].components[].tiers.period":        words("month", "year", "ever", "movement"),
	"fees[].components[].tiers.steps":         some(anObject),
	"fees[].components[].tiers.steps[].up_to": amount,
	"fees[].components[].tiers.steps[].rate":  rate,
	"fees[].components[].tiers.steps[].fixed": amount,
	"fees[].min":                              amount,
	"fees[].max":                              amount,
	"fees[].monthly_min":                      amount,
	"fees[].tax":                              text,
	"fees[].rounding":                         anObject,
	"fees[].rounding.mode":                    rounding,
	"fees[].rounding.per":                     words("line", "component"),
	"fees[].refund_policy":                    words("keep", "return_pro_rata"),
	"fees[].dispute_policy":                   words("keep", "return_on_win"),
	"fees[].charge":                           words("net", "gross"),
	"reserves":                                list(with(anObject, reserveConditions)),
	"reserves[].id":                           id,
	"reserves[].effective_from":               date,
	"reserves[].effective_to":                 date,
	"reserves[].kind":                         words("rolling", "fixed", "minimum"),
	"reserves[].rate":                         rate,
	"reserves[].days":                         whole,
	"reserves[].cap":                          price,
	"reserves[].at_end":                       words("release", "keep"),
	"reserves[].for":                          some(scope),
	"reserves[].for[].merchant":               text,
	"reserves[].for[].region":                 text,
	"reserves[].for[].currency":               currency,
	"reserves[].for[].method":                 text,
	"deposits":                                list(anObject),
	"deposits[].late_success":                 words("accept", "refund"),
	"deposits[].for":                          some(scope),
	"deposits[].for[].merchant":               text,
	"deposits[].for[].region":                 text,
	"deposits[].for[].currency":               currency,
	"deposits[].for[].method":                 text,
	"withholding":                             list(anObject),
	"withholding[].code":                      id,
	"withholding[].rate":                      rate,
	"withholding[].base":                      words("gross", "net_of_fee"),
	"withholding[].rounding":                  rounding,
	"withholding[].returned":                  truth,
	"withholding[].effective_from":            date,
	"withholding[].effective_to":              date,
	"withholding[].for":                       some(scope),
	"withholding[].for[].merchant":            text,
	"withholding[].for[].region":              text,
	"withholding[].for[].currency":            currency,
	"withholding[].for[].method":              text,
	"payouts":                                 list(anObject),
	"payouts[].approve_above":                 list(price),
	"payouts[].queue":                         truth,
	"payouts[].for":                           some(scope),
	"payouts[].for[].merchant":                text,
	"payouts[].for[].region":                  text,
	"payouts[].for[].currency":                currency,
	"payouts[].for[].method":                  text,
	"rails":                                   list(with(anObject, railConditions)),
	"rails[].id":                              id,
	"rails[].nets":                            list(words("refunds", "disputes")),
	"rails[].kind":                            words("file", "sandbox"),
	"rails[].for":                             some(scope),
	"rails[].for[].merchant":                  id,
	"rails[].for[].region":                    text,
	"rails[].for[].currency":                  currency,
	"rails[].for[].method":                    text,
	"rails[].outbox":                          text,
	"rails[].inbox":                           text,
	"rails[].sender":                          text,
	"rails[].timezone":                        zone,
	"rails[].accounts":                        some(anObject),
	"rails[].accounts[].bank":                 text,
	"rails[].accounts[].name":                 text,
	"rails[].accounts[].account":              text,
	"rails[].accounts[].agent":                text,
	"rails[].beneficiaries":                   some(anObject),
	"rails[].beneficiaries[].merchant":        id,
	"rails[].beneficiaries[].name":            text,
	"rails[].beneficiaries[].account":         text,
	"rails[].beneficiaries[].agent":           text,
	"refunds":                                 anObject,
	"refunds.draw_reserve":                    some(scope),
	"refunds.draw_reserve[].merchant":         text,
	"refunds.draw_reserve[].region":           text,
	"refunds.draw_reserve[].currency":         currency,
	"refunds.draw_reserve[].method":           text,
	"refunds.beside_disputes":                 some(scope),
	"refunds.beside_disputes[].merchant":      text,
	"refunds.beside_disputes[].region":        text,
	"refunds.beside_disputes[].currency":      currency,
	"refunds.beside_disputes[].method":        text,
	"accounts":                                list(anObject),
	"accounts[].path":                         text,
	"accounts[].type":                         words("asset", "liability", "equity", "income", "expense"),
	"accounts[].limited":                      truth,
	"accounts[].floor":                        whole,
	"feeds":                                   list(anObject),
	"feeds[].name":                            id,
	"feeds[].format":                          words("csv", "ndjson"),
	"feeds[].delimiter":                       words(",", ";", "|", "\t", ""),
	"feeds[].columns":                         mapping,
	"feeds[].ignore":                          list(anyText),
	"feeds[].constants":                       mapping,
	"feeds[].kinds":                           mapping,
	"feeds[].timezone":                        zone,
	"feeds[].timezone_column":                 anyText,
}

// railConditions say what rails by which something leaves must have.
var railConditions = form{"allOf": []form{
	{"if": form{"required": []string{"kind"}}, "then": form{"required": []string{"for"}}},
	{
		"if":   ofKind("file"),
		"then": form{"required": []string{"sender", "timezone", "outbox", "inbox", "accounts"}},
	},
}}

// reserveConditions say what each kind of reserve must have.
var reserveConditions = form{"allOf": []form{
	{"if": ofKind("fixed"), "then": form{"required": []string{"rate", "cap"}}},
	{"if": ofKind("minimum"), "then": form{"required": []string{"cap"}}},
	{"if": form{"properties": form{"kind": form{"const": "rolling"}}}, "then": form{"required": []string{"rate", "days"}}}, // or none
}}

// scheduleConditions: only a cron expression says by itself when windows close.
var scheduleConditions = form{
	"if":   form{"properties": form{"anchor": form{"not": ofKind("cron")}}},
	"then": form{"required": []string{"cutoffs"}},
}

// tierConditions: tiers of events end with a number of them.
var tierConditions = form{
	"if":   form{"required": []string{"measure"}, "properties": form{"measure": form{"const": "count"}}},
	"then": form{"properties": form{"steps": form{"items": form{"properties": form{"up_to": whole}}}}},
}

func ofKind(kind string) form {
	return form{"required": []string{"kind"}, "properties": form{"kind": form{"const": kind}}}
}

// conditional are the keys that docs/CONFIGURATION.md calls required, but that
// only some of the objects need; their conditions say which.
var conditional = []string{
	"reserves[].rate", "reserves[].days", // of rolling reserves
	"rails[].outbox", "rails[].inbox", "rails[].sender", "rails[].timezone", "rails[].accounts", // of files
}
