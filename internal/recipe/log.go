package recipe

// Everything that this package logs is here. What the Observer is told, it can log itself.

func (l *Locks) logNotRemoved(candidate string, err error) {
	l.client.Logger().Error("candidate not removed, the session is given up", "path",
		candidate, "error", err)
}

func (l *Locks) logStrays(lock string, number int) {
	l.client.Logger().Warn("children that are no candidates, ignored", "path", lock,
		"number", number)
}

func (l *Locks) logStray(child string) {
	l.client.Logger().Warn("not a candidate, ignored", "path", child)
}
