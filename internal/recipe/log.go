package recipe

// Everything that this package logs is here. What the Observer is told, it can log itself.

func (r *root) logNotRemoved(candidate string, err error) {
	r.logger.Error("candidate not removed, the session is given up", "path",
		candidate, "error", err)
}

func (r *root) logStrays(lock string, number int) {
	r.logger.Warn("children that are no candidates, ignored", "path", lock,
		"number", number)
}

func (r *root) logStray(child string) {
	r.logger.Warn("not a candidate, ignored", "path", child)
}
