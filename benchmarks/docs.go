package benchmarks

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// WriteDocs draws the plots of docs/benchmarks.md and writes its tables. They stand between lines
// of the form
//
//	<!-- bench: throughput -->
//	<!-- end -->
//
// and what stands around them is left alone.
func (r *Report) WriteDocs(dir string) error {
	file := filepath.Join(dir, "benchmarks.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	page, err := r.fill(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		return err
	}
	for name, draw := range map[string]func() (*plot.Plot, error){
		"benchmarks-throughput.svg": r.throughputPlot,
		"benchmarks-handoff.svg":    r.handOffPlot,
	} {
		p, err := draw()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if p == nil {
			continue
		}
		if err := writeSVG(p, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

const (
	blockBegin = "<!-- bench: "
	blockEnd   = "<!-- end -->"
)

// fill replaces what stands in the blocks of a page.
func (r *Report) fill(page string) (string, error) {
	blocks := map[string]string{"machine": fmt.Sprintf("%s.\n%s\n",
		strings.TrimSuffix(r.Machine.String(), "."), r.method())}
	for _, t := range tables {
		blocks[t.name] = t.markdown(r)
	}
	var out strings.Builder
	rest := page
	for {
		before, after, found := strings.Cut(rest, blockBegin)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, _ := strings.Cut(after, " -->")
		_, after, closed := strings.Cut(after, blockEnd)
		block, known := blocks[name]
		if !known || !closed {
			return "", fmt.Errorf("block %q is unknown or has no end", name)
		}
		fmt.Fprintf(&out, "%s%s -->\n\n%s\n%s", blockBegin, name, block, blockEnd)
		rest = after
	}
}

// fonts are what a browser may have instead of the font that was measured; the first two are as
// wide.
const fonts = "font-family:Liberation Sans,Arial,Helvetica,sans-serif"

func writeSVG(p *plot.Plot, file string) error {
	c := vgsvg.New(plotWidth, plotHeight)
	drawOn(p, draw.New(c))
	var text bytes.Buffer
	if _, err := c.WriteTo(&text); err != nil {
		return err
	}
	page := bytes.ReplaceAll(text.Bytes(), []byte("font-family:Liberation Sans"), []byte(fonts))
	return os.WriteFile(file, page, 0o644)
}

// drawOn leaves a margin.
func drawOn(p *plot.Plot, c draw.Canvas) {
	c.SetColor(p.BackgroundColor)
	c.Fill(c.Rectangle.Path())
	const margin = 10 // points
	p.Draw(draw.Crop(c, margin, -margin, margin, -margin))
}
