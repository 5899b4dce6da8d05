package config

import (
	"strconv"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func (b *book) readFeeds(n node) {
	names := make(declared[string])
	for _, item := range n.items() {
		o := item.object()
		m := readFeed(o)
		m.UnknownMerchants = feed.RejectMerchant
		if b.rules.CreateMerchants {
			m.UnknownMerchants = feed.CreateMerchant
		}
		o.done()
		item.adopt(m.Validate())
		if m.Name != "" {
			names.add(o.get("name"), m.Name, "feed "+m.Name)
			b.feeds = append(b.feeds, m)
		}
	}
}

func readFeed(o *object) feed.Mapping {
	m := feed.Mapping{
		Name:           o.get("name").id(),
		Format:         feed.Format(o.get("format").text()),
		Timezone:       o.get("timezone").text(),
		TimezoneColumn: o.get("timezone_column").words(),
	}
	// The room validates each line by itself, so that each has its own place.
	m.Columns = pairs(o, "columns", func(probe *feed.Mapping, one map[payment.Field]string) { probe.Columns = one })
	m.Kinds = pairs(o, "kinds", func(probe *feed.Mapping, one map[string]payment.Kind) { probe.Kinds = one })
	m.Constants = pairs(o, "constants", func(*feed.Mapping, map[payment.Field]string) {}) // they depend on columns and kinds
	for _, column := range o.get("ignore").items() {
		m.Ignore = append(m.Ignore, column.words())
	}
	if delimiter := o.get("delimiter"); delimiter.present() {
		m.Delimiter, _ = delimiter.raw() // a tab is none of the characters of a text
	}
	return m
}

// pairs reads an object whose keys are not ours; nil where it is absent.
func pairs[K, V ~string](o *object, name string, put func(probe *feed.Mapping, one map[K]V)) map[K]V {
	n := o.get(name)
	if !n.present() {
		return nil
	}
	all := make(map[K]V)
	for word, value := range n.object().all() {
		key, text := K(word), V(value.words())
		all[key] = text
		var probe feed.Mapping
		put(&probe, map[K]V{key: text})
		for _, err := range leaves(probe.Validate()) {
			err = trimmed(err, name+": ")
			value.adopt(trimmed(trimmed(err, word+": "), strconv.Quote(word)+": "))
		}
	}
	return all
}
