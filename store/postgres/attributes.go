package postgres

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Columns of type jsonb. Each function that writes one gives nil for null.

// velocityJSON is a velocity limit: {"per": "24h", "flow": "out", "measure": "sum", "max": "1000"}.
type velocityJSON struct {
	Per     string       `json:"per"`
	Flow    string       `json:"flow"`
	Measure string       `json:"measure"`
	Max     money.Amount `json:"max"`
}

// counterJSON is what a velocity limit has counted.
type counterJSON struct {
	Since uint64     `json:"since"` // sequence, lane and instant of the act that set it
	Lane  uint16     `json:"lane"`
	At    time.Time  `json:"at"`
	Slots []slotJSON `json:"slots"`
}

type slotJSON struct {
	No    int64        `json:"no"`
	Total money.Amount `json:"total"`
}

var (
	windowNames  = names(ledger.Hour, ledger.Days30)
	flowNames    = names(ledger.Out, ledger.In)
	measureNames = names(ledger.Sum, ledger.Count)
)

func encodeVelocity(limits []ledger.Velocity) *string {
	out := make([]velocityJSON, len(limits))
	for i, v := range limits {
		out[i] = velocityJSON{v.Per.String(), v.Flow.String(), v.Measure.String(), v.Max}
	}
	return encodeList(out)
}

func decodeVelocity(data []byte) ([]ledger.Velocity, error) {
	list, err := decodeList[velocityJSON]("velocity limits", data)
	if len(list) == 0 || err != nil {
		return nil, err
	}
	out := make([]ledger.Velocity, len(list))
	for i, v := range list {
		per, flow, measure := slices.Index(windowNames, v.Per), slices.Index(flowNames, v.Flow), slices.Index(measureNames, v.Measure)
		if per < 0 || flow < 0 || measure < 0 || v.Max.Sign() < 0 {
			return nil, corrupt("velocity limit %d: %+v", i, v)
		}
		out[i] = ledger.Velocity{Per: ledger.Window(1 + per), Flow: ledger.Flow(1 + flow), Measure: ledger.Measure(1 + measure), Max: v.Max}
	}
	return out, nil
}

func encodeCounters(counters []ledger.Counter) *string {
	out := make([]counterJSON, len(counters))
	for i, c := range counters {
		out[i] = counterJSON{c.Since, c.Lane, c.At, make([]slotJSON, len(c.Slots))}
		for j, s := range c.Slots {
			out[i].Slots[j] = slotJSON(s)
		}
	}
	return encodeList(out)
}

func decodeCounters(data []byte) ([]ledger.Counter, error) {
	list, err := decodeList[counterJSON]("counters", data)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Counter, len(list))
	for i, c := range list {
		out[i] = ledger.Counter{Since: c.Since, Lane: c.Lane, At: c.At.UTC()}
		for _, s := range c.Slots {
			out[i].Slots = append(out[i].Slots, ledger.Slot(s))
		}
	}
	return out, nil
}

// encodeMetadata writes an object: {"order": "17"}.
func encodeMetadata(attributes []ledger.Attribute) *string {
	if len(attributes) == 0 {
		return nil
	}
	out := make(map[string]string, len(attributes))
	for _, a := range attributes {
		out[storable(a.Name)] = storable(a.Value)
	}
	return text(out)
}

// decodeMetadata gives attributes sorted by name.
func decodeMetadata(data []byte) ([]ledger.Attribute, error) {
	if data == nil {
		return nil, nil
	}
	var object map[string]string
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, corrupt("metadata: %w", err)
	}
	out := make([]ledger.Attribute, 0, len(object))
	for name, value := range object {
		out = append(out, ledger.Attribute{Name: restored(name), Value: restored(value)})
	}
	slices.SortFunc(out, func(a, b ledger.Attribute) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func encodeList[T any](list []T) *string {
	if len(list) == 0 {
		return nil
	}
	return text(list)
}

func decodeList[T any](what string, data []byte) (list []T, err error) {
	if data == nil {
		return nil, nil
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, corrupt("%s: %w", what, err)
	}
	return list, nil
}

// text writes a value that has nothing JSON does not know.
func text(value any) *string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	out := string(data)
	return &out
}

// limitText writes a floor or a ceiling; nil for null: there is none.
func limitText(set bool, amount money.Amount) *string {
	if !set {
		return nil
	}
	out := amount.String()
	return &out
}
