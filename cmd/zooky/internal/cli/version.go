package cli

import (
	"runtime/debug"
)

// release is the version of the newest section of CHANGELOG.md.
const release = "0.2.0"

// version is the release, and the commit that a build from a clone notes.
func version() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return release
	}
	commit, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if commit == "" {
		return release
	}
	return release + " (commit " + commit[:min(12, len(commit))] + modified + ")"
}
