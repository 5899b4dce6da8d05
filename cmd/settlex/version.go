package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/calendar"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Example: `  settlex version`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			p.printf("settlex %s, %s, %s/%s, time zones %s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, calendar.ZoneData())
			return nil
		},
	}
}

// version is the module's version, or the commit of a build from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "of unknown version"
	}
	return info.Main.Version
}
