//go:build unix

package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// keep writes the history, what each register has executed, every violation, and porcupine's
// pictures of what it refused.
func (r *run) keep(report *Report) (err error) {
	dir := r.cfg.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "chaos-history."); err != nil {
			return err
		}
	} else if err = os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	report.Dir = dir
	if err = r.history.write(filepath.Join(dir, "history.jsonl")); err != nil {
		return err
	}
	for name, log := range report.logs {
		text, err := json.MarshalIndent(log, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name.Register+"-"+name.Lock+".json"), text,
			0o666); err != nil {
			return err
		}
	}
	var list strings.Builder
	for _, v := range report.Violations {
		fmt.Fprintf(&list, "%s: %s\n", v.Kind, v.Text)
		for _, text := range v.Told {
			fmt.Fprintf(&list, "\t%s\n", text)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "violations.txt"), []byte(list.String()),
		0o666); err != nil {
		return err
	}
	for name, picture := range report.pictures {
		file := filepath.Join(dir, name.Register+"-"+name.Lock+".html")
		if err = picture(file); err != nil {
			return err
		}
	}
	return nil
}
