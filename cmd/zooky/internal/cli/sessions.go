package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock"
)

// footprint is what one ZooKeeper session has in the queues of locks.
type footprint struct {
	Session    string `json:"session"`
	Contenders int    `json:"contenders"`
	// of their paths, as the servers write them when the session ends
	Bytes   int  `json:"bytes"`
	TooMuch bool `json:"too_much"` // comes near what servers can read back
}

// muchFootprint is above what a Session of zklock allows itself by default, and half of what
// servers read back by default.
const muchFootprint = 1_000_000

func newSessions(streams Streams) *cobra.Command {
	var t target
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "Show which ZooKeeper sessions have contenders, and which are too large for the servers",
		Long: `Sessions prints the ZooKeeper sessions that hold locks or wait for them, the largest first.
BYTES is the total length of the paths of a session's contenders. When the session ends, the servers
write all these paths into one transaction. With the default settings they cannot read back a
transaction above 2 MB: the ensemble stops and does not start again (ZOOKEEPER-4306). A session
above 1 MB is marked. Znodes of a session outside of the root are not counted.

The exit status is 0 if no session is marked, 1 if one is or there is no root, and 2 if something
went wrong.`,
		Example: `  zooky sessions`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []footprint
			stop := patient(streams.Err, "reading the queues …")
			err := t.withRoot(cmd.Context(),
				func(ctx context.Context, s *zklock.Session) (err error) {
					ctx, cancel := context.WithTimeout(ctx, 10*t.timeout)
					defer cancel()
					all, err = readFootprints(ctx, s)
					return err
				})
			stop()
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(streams.Out, all)
			} else {
				rows := newTable(streams.Out, "SESSION", "CONTENDERS", "BYTES", "")
				for _, f := range all {
					mark := cell{}
					if f.TooMuch {
						mark = cell{"too much", red}
					}
					rows.add(cell{text: f.Session}, cell{text: fmt.Sprint(f.Contenders)},
						cell{text: fmt.Sprint(f.Bytes)}, mark)
				}
				_, err = fmt.Fprint(streams.Out, rows)
			}
			if err == nil && len(all) > 0 && all[0].TooMuch {
				err = &exitError{status: exitNo,
					err: fmt.Errorf("session %s would harm the servers by its end: have it release locks", all[0].Session)}
			}
			return err
		},
	}
	t.addFlags(cmd.Flags(), streams.Err)
	addJSON(cmd, &asJSON)
	return cmd
}

// readFootprints reads every queue. The largest session comes first.
func readFootprints(ctx context.Context, s *zklock.Session) ([]footprint, error) {
	infos, err := s.Locks(ctx)
	if err != nil {
		return nil, err
	}
	sessions := make(map[int64]*footprint)
	infos = slices.DeleteFunc(infos, func(info zklock.LockInfo) bool { return info.Holders == 0 })
	err = eachQueue(ctx, s, infos, func(m *zklock.Mutex, queue []zklock.Contender) {
		for _, c := range queue {
			f := sessions[c.SessionID]
			if f == nil {
				f = &footprint{Session: sessionOf(c)}
				sessions[c.SessionID] = f
			}
			f.Contenders++
			f.Bytes += len(m.Path()) + len("/") + len(c.Znode) + 4
		}
	})
	if err != nil {
		return nil, err
	}
	all := make([]footprint, 0, len(sessions))
	for _, f := range sessions {
		f.TooMuch = f.Bytes > muchFootprint
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b footprint) int {
		return cmp.Or(b.Bytes-a.Bytes, cmp.Compare(a.Session, b.Session))
	})
	return all, nil
}
