package monitoring

import (
	"cmp"
	"context"
	"fmt"
	"image/color"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Ask returns what Prometheus knows of an expression.
type Ask func(ctx context.Context, expr string) ([]Series, error)

// The sizes of the picture, which has the panels of a row side by side.
const (
	panelsInARow = 3
	panelWidth   = 320 * vg.Length(1)
	panelHeight  = 215 * vg.Length(1)
	headHeight   = 30 * vg.Length(1) // of a row's heading
	gap          = 8 * vg.Length(1)
)

// Okabe and Ito's colours, which all eyes can tell apart.
var colors = []color.RGBA{
	{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255},
	{230, 159, 0, 255}, {86, 180, 233, 255}, {110, 110, 110, 255}, {0, 0, 0, 255},
}

// mostLines is how many lines of a panel have colours of their own.
var mostLines = len(colors)

// Span is from one time to another.
type Span struct{ From, To time.Time }

// Picture writes the panels of the dashboard as an SVG, with what ask says of that time.
func Picture(ctx context.Context, to io.Writer, ask Ask, of Span) error {
	rows := Rows()
	width := panelsInARow * panelWidth
	height := gap
	for _, row := range rows {
		height += headHeight + panelHeight*vg.Length(lines(row))
	}
	canvas := vgsvg.New(width, height)
	all := draw.New(canvas)
	all.FillPolygon(color.White, []vg.Point{{X: 0, Y: 0}, {X: width, Y: 0},
		{X: width, Y: height}, {X: 0, Y: height}})
	top := height
	for _, row := range rows {
		all.FillText(style(15, true), vg.Point{X: gap, Y: top - headHeight + gap}, row.Title)
		top -= headHeight
		for i, panel := range row.Panels {
			if i > 0 && i%panelsInARow == 0 {
				top -= panelHeight
			}
			left := panelWidth * vg.Length(i%panelsInARow)
			drawn, err := panel.plot(ctx, ask, of)
			if err != nil {
				return fmt.Errorf("%s: %w", panel.Title, err)
			}
			drawn.Draw(draw.Canvas{Canvas: canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: left + gap, Y: top - panelHeight + gap},
				Max: vg.Point{X: left + panelWidth - gap, Y: top},
			}})
		}
		top -= panelHeight
	}
	var svg strings.Builder
	if _, err := canvas.WriteTo(&svg); err != nil {
		return err
	}
	// Few machines have the font, whose widths are those of Arial.
	const family = "font-family:Liberation Sans"
	_, err := io.WriteString(to, strings.ReplaceAll(svg.String(), family,
		family+",Arial,Helvetica,sans-serif"))
	return err
}

// lines is how many lines of panels a row takes.
func lines(row Row) int { return (len(row.Panels) + panelsInARow - 1) / panelsInARow }

func style(size vg.Length, bold bool) text.Style {
	face := font.Font{Typeface: plot.DefaultFont.Typeface, Variant: "Sans"}
	if bold {
		face.Weight = 2
	}
	return text.Style{Color: color.Black, Font: font.From(face, size),
		Handler: plot.DefaultTextHandler}
}

// plot draws a panel as Grafana would: its lines by name, from 0 on.
func (p Panel) plot(ctx context.Context, ask Ask, of Span) (*plot.Plot, error) {
	drawn := plot.New()
	drawn.Title.Text, drawn.Title.TextStyle = p.Title, style(11.5, true)
	drawn.Title.TextStyle.XAlign, drawn.Title.TextStyle.YAlign = text.XCenter, text.YTop
	drawn.Title.Padding = 4
	for _, axis := range []*plot.Axis{&drawn.X, &drawn.Y} {
		axis.Tick.Label.Font, axis.LineStyle.Width = style(9.5, false).Font, 0.6
		axis.Padding = 2
	}
	drawn.Legend.TextStyle.Font = style(9.5, false).Font
	drawn.Legend.Top, drawn.Legend.Left = true, true
	drawn.Legend.ThumbnailWidth, drawn.Legend.Padding = 14, 1.5
	grid := plotter.NewGrid()
	for _, line := range []*draw.LineStyle{&grid.Horizontal, &grid.Vertical} {
		line.Color, line.Width = color.Gray{225}, 0.5
	}
	drawn.Add(grid)

	found, err := p.lines(ctx, ask)
	if err != nil {
		return nil, err
	}
	most := 0.0
	for i, line := range found {
		look := draw.LineStyle{Color: colors[i%len(colors)], Width: 1.4}
		for _, part := range unbroken(line.Series, of.From) {
			curve, err := plotter.NewLine(part)
			if err != nil {
				return nil, err
			}
			curve.LineStyle = look
			drawn.Add(curve)
		}
		most = max(most, line.most())
		drawn.Legend.Add(line.name, thumbnail(look))
	}
	drawn.X.Tick.Marker = plot.TickerFunc(minutes)
	drawn.X.Min, drawn.X.Max = 0, of.To.Sub(of.From).Seconds()
	drawn.Y.Tick.Marker = unit(p.Unit)
	drawn.Y.Min = 0
	// The legend is above the lines.
	room := 1 + 0.11*float64(len(found))
	drawn.Y.Max = cmp.Or(most, 1) * room
	return drawn, nil
}

// named is a line of a panel.
type named struct {
	Series
	name string
}

func (n named) most() float64 {
	most := 0.0
	for _, v := range n.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			most = max(most, v)
		}
	}
	return most
}

// rateInterval is what Grafana makes of scrapeEvery: four times that, and here some more, for a
// smoother picture.
const rateInterval = "10s"

// lines asks for all lines of a panel, and returns the most prominent ones, by name.
func (p Panel) lines(ctx context.Context, ask Ask) (found []named, err error) {
	chosen := strings.NewReplacer("$__rate_interval", rateInterval, "$job", ".*")
	for _, query := range p.Queries {
		series, err := ask(ctx, chosen.Replace(query.Expr))
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			found = append(found, named{s, legend(query.Legend, s.Labels)})
		}
	}
	slices.SortStableFunc(found, func(a, b named) int { return cmp.Compare(b.most(), a.most()) })
	found = found[:min(len(found), mostLines)]
	slices.SortStableFunc(found, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	return found, nil
}

var labelInLegend = regexp.MustCompile(`{{(\w+)}}`)

// legend fills in labels, as Grafana does.
func legend(format string, labels map[string]string) string {
	return strings.TrimSpace(labelInLegend.ReplaceAllStringFunc(format, func(label string) string {
		return labels[labelInLegend.FindStringSubmatch(label)[1]]
	}))
}

// unbroken splits a line where it has no value, or none was asked for: Prometheus leaves those out.
func unbroken(s Series, from time.Time) (parts []plotter.XYs) {
	var part plotter.XYs
	var step time.Duration
	if len(s.Times) > 1 {
		step = s.Times[1].Sub(s.Times[0])
	}
	for i, v := range s.Values {
		apart := i > 0 && s.Times[i].Sub(s.Times[i-1]) > step*3/2
		missing := math.IsNaN(v) || math.IsInf(v, 0)
		if (apart || missing) && len(part) > 0 {
			parts, part = append(parts, part), nil
		}
		if !missing {
			part = append(part, plotter.XY{X: s.Times[i].Sub(from).Seconds(), Y: v})
		}
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// thumbnail is how a line is shown in the legend.
type thumbnail draw.LineStyle

func (t thumbnail) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(draw.LineStyle(t), c.Min.X, y, c.Max.X, y)
}

// minutes are ticks of a time in seconds.
func minutes(low, high float64) (ticks []plot.Tick) {
	for at := math.Ceil(low/60) * 60; at <= high; at += 60 {
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.Itoa(int(at)/60) + " min"})
	}
	return ticks
}

// unit writes values of a unit of Grafana's.
type unit string

func (u unit) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = u.write(ticks[i].Value)
		}
	}
	return ticks
}

func (u unit) write(v float64) string {
	digits := strconv.FormatFloat(v, 'g', 4, 64)
	switch {
	case u == "s" && v > 0 && v < 1:
		return strconv.FormatFloat(v*1000, 'g', 4, 64) + " ms"
	case u == "s":
		return digits + " s"
	case u == "ops" || u == "reqps":
		return digits + "/s"
	default:
		return digits
	}
}
