package fakezk

// Elect makes another server become the leader's: all connections break, as servers hang up on
// their clients while they elect one, transactions are numbered in a new epoch, and each session's
// time begins anew (SessionTrackerImpl). What was proposed and not committed is committed, if the
// new leader had it, or lost.
func (c *Cluster) Elect(i int, keep bool) {
	c.do(func() {
		proposed := c.proposed
		c.proposed = nil
		for _, s := range c.servers {
			s.cutAll()
			clear(s.touched)
		}
		for _, p := range proposed {
			if keep {
				p.commit()
			} else if p.lose != nil {
				p.lose()
			}
		}
		c.leader = c.servers[i]
		if c.leader.mode == lagging {
			c.leader.change(up)
		}
		c.zxid = (c.zxid>>32 + 1) << 32
		for _, s := range c.sessions {
			c.heard(s)
		}
	})
}
