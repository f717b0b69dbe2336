package benchmarks

func (r *Report) WriteDocs(dir string) error { return nil }
