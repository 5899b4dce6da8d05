package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
)

func (p *program) initCommand() *cobra.Command {
	var template string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration and make the data file",
		Long: `Init writes a configuration with comments, that of the bundled sample or a file of yours, and makes the data file it names.
A configuration that is there is not touched: init then makes its data file. With both there, there is nothing to do, which is an error.
Where the configuration, or --data, names a PostgreSQL database, init makes the ledger's tables in it, as settlex migrate does.`,
		Example: `  settlex init
  settlex init --config eu.yaml --template platform.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.setUp(cmd.Context(), template) },
	}
	cmd.Flags().StringVar(&template, "template", "", "configuration `FILE` to copy instead of the bundled one")
	return cmd
}

func (p *program) setUp(ctx context.Context, template string) error {
	there, err := exists(p.config)
	if err != nil {
		return err
	}
	if there && template != "" {
		return fmt.Errorf("%s is there already, and stays as it is", p.config)
	}
	if !there {
		text := sample.ConfigYAML()
		name := p.config
		if template != "" {
			name = template
			if text, err = os.ReadFile(template); err != nil {
				return err
			}
		}
		if _, err := config.Parse(name, text); err != nil { // what does not hold together is of no use
			return err
		}
		if err := newFile(p.config, text); err != nil {
			return err
		}
		p.sayf("wrote %s\n", p.config)
	}
	c, err := p.load()
	if err != nil {
		return err
	}
	made, err := made(ctx, c.Data)
	switch {
	case err != nil:
		return err
	case made && there:
		return fmt.Errorf("%s and %s are there already, and stay as they are", p.config, place(c.Data))
	case made:
		p.sayf("%s is there already, and stays as it is\n", place(c.Data))
		return nil
	}
	if err := p.create(ctx, c); err != nil {
		return err
	}
	p.sayf("made %s\n", place(c.Data))
	return nil
}
