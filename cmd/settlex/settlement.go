package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func (p *program) settlementCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "settlement",
		Short: "Ask for settlements",
		Args:  knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("what about settlements?"))
		},
	}
	cmd.AddCommand(p.requestCommand())
	return cmd
}
