package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/examples"
	"github.com/settlex/settlex/internal/sample"
)

func (p *program) initCommand() *cobra.Command {
	var template string
	var regions []string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration and make the data file",
		Long: `Init writes a configuration with comments, that of the bundled sample, of some of its regions, or a file of yours, and makes the data file it names.
A configuration that is there is not touched: init then makes its data file. With both there, there is nothing to do, which is an error.
Where the configuration, or --data, names a PostgreSQL database, init makes the ledger's tables in it, as settlex migrate does.`,
		Example: `  settlex init
  settlex init --region IN,BD
  settlex init --config eu.yaml --template platform.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if template != "" && len(regions) > 0 {
				return misused(cmd, errors.New("--template and --region exclude one another"))
			}
			name, text, err := starter(template, regions)
			if err != nil {
				return err
			}
			return p.setUp(cmd.Context(), name, text, template != "" || len(regions) > 0)
		},
	}
	cmd.Flags().StringVar(&template, "template", "", "configuration `FILE` to copy instead of the bundled one")
	cmd.Flags().StringSliceVar(&regions, "region", nil, "`REGIONS` parted by commas, of "+strings.Join(examples.Regions(), ", ")+", instead of the bundled sample")
	return cmd
}

// starter gives the configuration to begin with, and what its faults name; of a
// template that is read from a file, its path.
func starter(template string, regions []string) (name string, text []byte, err error) {
	switch {
	case template != "":
		text, err = os.ReadFile(template)
	case len(regions) > 0:
		text, err = examples.Config("", regions...)
	default:
		text = sample.ConfigYAML()
	}
	return template, text, err
}

// setUp writes a configuration and makes the data file; chosen: somebody asked for
// this very configuration.
func (p *program) setUp(ctx context.Context, name string, text []byte, chosen bool) error {
	there, err := exists(p.config)
	if err != nil {
		return err
	}
	if there && chosen {
		return fmt.Errorf("%s is there already, and stays as it is", p.config)
	}
	if !there {
		if _, err := config.Parse(cmp.Or(name, p.config), text); err != nil { // what does not hold together is of no use
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
