package benchmarks

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// style is how a library is drawn: distinct without colours too. The colours are Okabe and Ito's,
// which all eyes can tell apart.
type style struct {
	color  color.RGBA
	shape  draw.GlyphDrawer
	dashes []vg.Length
	width  vg.Length
}

var styles = map[string]style{
	nameOurs:    {color.RGBA{0, 114, 178, 255}, draw.CircleGlyph{}, nil, vg.Points(2.5)},
	nameHandoff: {color.RGBA{86, 180, 233, 255}, draw.PyramidGlyph{}, nil, vg.Points(2.5)},
	nameZkLock:  {color.RGBA{213, 94, 0, 255}, draw.BoxGlyph{}, nil, vg.Points(1.5)},
	nameCurator: {color.RGBA{0, 158, 115, 255}, draw.TriangleGlyph{}, nil, vg.Points(1.5)},
	nameKazoo:   {color.RGBA{204, 121, 167, 255}, draw.CrossGlyph{}, nil, vg.Points(1.5)},
	nameEtcd:    {color.RGBA{230, 159, 0, 255}, draw.RingGlyph{}, nil, vg.Points(1.5)},
	nameLimit: {color.RGBA{110, 110, 110, 255}, nil, []vg.Length{vg.Points(5), vg.Points(4)},
		vg.Points(1.5)},
}

// The size of a plot.
const (
	plotWidth  = 18 * vg.Centimeter
	plotHeight = 11 * vg.Centimeter
)

// newPlot returns an empty plot with a grid.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	face := font.Font{Typeface: plot.DefaultFont.Typeface, Variant: "Sans"}
	sized := func(size vg.Length) font.Font { return font.From(face, size) }
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font = sized(vg.Points(13))
	p.Title.Padding = vg.Points(8)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sized(vg.Points(11))
		axis.Label.Padding = vg.Points(4)
		axis.Tick.Label.Font = sized(vg.Points(10))
		axis.LineStyle.Width = vg.Points(0.8)
		axis.Padding = vg.Points(4)
	}
	p.Legend.TextStyle.Font = sized(vg.Points(10.5))
	p.Legend.ThumbnailWidth = vg.Points(26)
	p.Legend.Padding = vg.Points(3)
	p.Legend.Top = true
	grid := plotter.NewGrid()
	for _, line := range []*draw.LineStyle{&grid.Horizontal, &grid.Vertical} {
		line.Color, line.Width = color.Gray{225}, vg.Points(0.6)
	}
	p.Add(grid)
	return p
}

// add draws one library's line.
func add(p *plot.Plot, library string, points plotter.XYs) error {
	s := styles[library]
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.LineStyle = draw.LineStyle{Color: s.color, Width: s.width, Dashes: s.dashes}
	p.Add(line)
	if s.shape == nil {
		p.Legend.Add(library, line)
		return nil
	}
	marks, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	marks.GlyphStyle = draw.GlyphStyle{Color: s.color, Radius: vg.Points(3.4), Shape: s.shape}
	p.Add(marks)
	p.Legend.Add(library, line, marks)
	return nil
}

// plotted is a case with its place on the horizontal axis.
type plotted struct {
	name string
	x    float64
}

var (
	byContenders = []plotted{{"alone", 1}, {"sessions-2", 2}, {"sessions-8", 8},
		{"sessions-32", 32}, {"sessions-128", 128}}
	byQueue = []plotted{{"queue-10", 10}, {"queue-100", 100}, {"queue-1000", 1000},
		{"queue-5000", 5000}}
)

// points returns the medians of a library over the cases that were measured.
func (r *Report) points(cases []plotted, library, figure string) plotter.XYs {
	var points plotter.XYs
	for _, c := range cases {
		if v, ok := r.find(c.name, library).median(figure); ok {
			points = append(points, plotter.XY{X: c.x, Y: v})
		}
	}
	return points
}

// throughputPlot shows acquisitions a second by the number of contenders. It is nil if none was
// measured.
func (r *Report) throughputPlot() (*plot.Plot, error) {
	p := newPlot("One lock, shared by sessions that do nothing else", "sessions",
		"acquisitions a second")
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, ticksAt(byContenders)
	p.Y.Tick.Marker = plainTicks{}
	p.Y.Min = 0
	any := false
	for _, l := range libraries() {
		points := r.points(byContenders, l.Name, figureRate)
		if len(points) == 0 {
			continue
		}
		if l.Name == nameLimit {
			// A single client's, and only measured again with the others so that ratios are from
			// one time.
			alone := points[0].Y
			points = plotter.XYs{{X: 1, Y: alone}, {X: 128, Y: alone}}
		}
		if err := add(p, l.Name, points); err != nil {
			return nil, err
		}
		any = true
	}
	if !any {
		return nil, nil
	}
	p.Y.Max *= 1.35 // room for the legend
	return p, nil
}

// handOffPlot shows what a hand-off brings the next holder by the length of the queue. It is nil if
// none was measured.
func (r *Report) handOffPlot() (*plot.Plot, error) {
	p := newPlot("What the next holder receives", "contenders in the queue", "bytes a hand-off")
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, ticksAt(byQueue)
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, decades{}
	p.Legend.Left = true
	any := false
	for _, l := range libraries() {
		points := r.points(byQueue, l.Name, figureHandOffBytes)
		if len(points) == 0 {
			continue
		}
		if err := add(p, l.Name, points); err != nil {
			return nil, err
		}
		any = true
	}
	if !any {
		return nil, nil
	}
	p.Y.Min, p.Y.Max = decade(p.Y.Min, math.Floor), decade(p.Y.Max, math.Ceil)
	return p, nil
}

func decade(v float64, round func(float64) float64) float64 {
	return math.Pow(10, round(math.Log10(v)))
}

// ticksAt has a tick at each case.
func ticksAt(cases []plotted) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, c := range cases {
		ticks = append(ticks, plot.Tick{Value: c.x, Label: thousands(c.x)})
	}
	return ticks
}

// plainTicks are the usual ones, written as in the tables.
type plainTicks struct{}

func (plainTicks) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = thousands(ticks[i].Value)
		}
	}
	return ticks
}

// decades are ticks at 10, 100, 1,000, …
type decades struct{}

func (decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for v := decade(low, math.Ceil); v <= high*1.0001; v *= 10 {
		ticks = append(ticks, plot.Tick{Value: v, Label: thousands(v)})
	}
	return ticks
}
