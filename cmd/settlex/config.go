package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/config"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Print the JSON Schema of configurations",
		Example: `  settlex config schema > settlex.schema.json`,
		Args:    knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("schema?"))
		},
	}
	cmd.AddCommand(p.configSchemaCommand())
	return cmd
}

func (p *program) configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configurations, for editors",
		Long: `Schema prints the JSON Schema (2020-12) of configuration files: every key with its form, its meaning and its default. Editors
that know YAML complete and check by it, for example with this first line of the configuration:

  # yaml-language-server: $schema=settlex.schema.json`,
		Example: `  settlex config schema > settlex.schema.json`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			p.printf("%s", config.Schema())
			return nil
		},
	}
}
