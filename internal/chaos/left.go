//go:build unix

package chaos

import (
	"context"
	"fmt"
	"time"
)

// left reports the candidates that clients have left in a lock's queue. The last zookys may have
// been ended while they were stopped, and have closed no session: theirs are waited for as long as
// it lasts.
func (r *run) left(ctx context.Context, dir string) (texts []string, err error) {
	owners := r.history.owners()
	limit := time.Now().Add(2 * r.cfg.Timeout)
	for {
		names, err := r.writes.children(dir)
		if err != nil {
			return nil, err
		}
		texts = nil
		zookys := true
		for _, name := range names {
			owner, err := r.writes.owner(dir + "/" + name)
			if err != nil {
				return nil, err
			}
			client, known := owners[owner]
			zookys = zookys && known && r.clients[client].cfg.Zooky != ""
			texts = append(texts,
				fmt.Sprintf("%s/%s is left, of client %d, session %#x", dir, name, client, owner))
		}
		if len(texts) == 0 || !zookys || time.Now().After(limit) || ctx.Err() != nil {
			return texts, nil
		}
		r.sleep(ctx, 50*time.Millisecond)
	}
}
