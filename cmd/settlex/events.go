package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/event"
)

// eventList is which events are asked for.
type eventList struct {
	after    event.Cursor
	types    []string
	merchant string
	follow   bool
}

func (p *program) eventsCommand() *cobra.Command {
	var list eventList
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Print what has happened",
		Long: `Events prints what was told of payments and settlement: one JSON object on each line, with its id, type, object, sequence among the
object's events, merchant_id, created_at, and the object in data as it stood then. The events of an object come in order of their
sequence. At the end it tells the cursor, on standard error: with --after nothing is printed twice, and nothing is missed.

With --follow it goes on until it is interrupted. A data file has one process at a time, so only a database has anybody else to follow.`,
		Example: `  settlex events
  settlex events --after 0:17 --type deposit.succeeded --merchant m_in_kirana`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range list.types {
				if !slices.Contains(event.Types(), event.Type(name)) {
					return misused(cmd, fmt.Errorf("--type %q is no type of event", name))
				}
			}
			return p.within(cmd.Context(), func(s *session) error { return p.events(cmd.Context(), s.engine, &list) })
		},
	}
	cmd.Flags().TextVar(&list.after, "after", event.Cursor{}, "go on from this `CURSOR`, as an earlier call told it")
	cmd.Flags().StringArrayVar(&list.types, "type", nil, "only of this `TYPE`, such as deposit.succeeded; may be repeated")
	cmd.Flags().StringVar(&list.merchant, "merchant", "", "only of one merchant, by its `ID`")
	cmd.Flags().BoolVar(&list.follow, "follow", false, "wait for more, until interrupted")
	return cmd
}

// events prints what is asked for, and the cursor behind what was read.
func (p *program) events(ctx context.Context, engine *settlex.Engine, list *eventList) error {
	if list.merchant != "" {
		if _, err := merchantOf(ctx, engine, list.merchant); err != nil {
			return err
		}
	}
	var err error
	cursor := list.after
	for {
		if cursor, err = p.eventsBehind(ctx, engine, list, cursor); err != nil || !list.follow || p.out.err != nil {
			break
		}
		if err = engine.WaitEvents(ctx, cursor); err != nil {
			break
		}
	}
	if list.follow && errors.Is(err, context.Canceled) {
		err = nil // that is how it ends
	}
	if err == nil && p.out.err == nil && !p.quiet {
		_, err = fmt.Fprintf(p.err, "settlex: the cursor is %q\n", cursor)
	}
	return err
}

// eventsBehind prints the events behind a cursor, and gives the one behind them.
func (p *program) eventsBehind(ctx context.Context, engine *settlex.Engine, list *eventList, cursor event.Cursor) (event.Cursor, error) {
	for e, err := range engine.Events(ctx, cursor) {
		if err != nil {
			return cursor, err
		}
		if list.wants(e) {
			line, err := json.Marshal(eventJSONOf(e))
			if err != nil {
				return cursor, fmt.Errorf("event %s: %w", e.ID(), err)
			}
			p.printf("%s\n", line)
		}
		if cursor = cursor.Read(e.Lane, e.No); p.out.err != nil {
			return cursor, nil
		}
	}
	return cursor, nil
}

func (l *eventList) wants(e *event.Event) bool {
	return (len(l.types) == 0 || slices.Contains(l.types, string(e.Type))) && (l.merchant == "" || l.merchant == e.Merchant)
}

// eventJSON is an event as it is printed.
type eventJSON struct {
	ID       string          `json:"id"`
	Type     event.Type      `json:"type"`
	Object   objectJSON      `json:"object"`
	Sequence uint64          `json:"sequence"`
	Merchant string          `json:"merchant_id,omitempty"`
	Created  time.Time       `json:"created_at"`
	Data     json.RawMessage `json:"data,omitempty"`
}

type objectJSON struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

func eventJSONOf(e *event.Event) eventJSON {
	return eventJSON{e.ID(), e.Type, objectJSON{e.Object.Kind, e.Object.ID}, e.Sequence, e.Merchant, e.At, e.Data}
}
