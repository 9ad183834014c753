package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// The picture's measures, in pixels.
const (
	pictureWidth = 960
	edge         = 28
	labelWidth   = 150
	valueWidth   = 190 // right of the longest bar
	barHeight    = 15
	barSpace     = 3
	groupSpace   = 12
	panelSpace   = 34
)

// subjectColours are the subjects' names for readers and their colours, in the
// order of the bars.
var subjectColours = []struct{ name, shown, colour string }{
	{saker, "Saker", "#1f6feb"},
	{sakerTold, "Saker, opens told", "#79b1f5"},
	{sakerEach, "Saker, hooks on single calls", "#b6d4fa"},
	{falco, "Falco", "#d9730d"},
	{emptyAll, "empty hook on all calls", "#8b949e"},
	{emptyCall, "empty hook on a single call", "#c8d0da"},
	{"closures", "closures by event type", "#57606a"},
}

// panel is a group of bars with one scale.
type panel struct {
	title, unit string
	rows        []barRow
}

type barRow struct {
	name string
	bars []bar
}

// bar is a value with its quartiles; without any where both are 0.
type bar struct {
	subject          string
	value, low, high float64
	label            string
}

// panels are those for which something was measured.
func (r *report) panels() (list []panel) {
	for _, p := range []panel{r.addedPanel(), r.macroPanel(), r.enginePanel()} {
		if len(p.rows) > 0 {
			list = append(list, p)
		}
	}
	return list
}

func (r *report) addedPanel() panel {
	p := panel{title: "One act", unit: "CPU time of who acts, beside what it takes without"}
	for _, row := range r.Added {
		group := barRow{name: row.Act}
		for _, c := range subjectColours {
			if s, there := row.With[c.name]; there {
				of := 1 / row.Without
				group.bars = append(group.bars, bar{
					c.name, s.Median * of, s.Low * of, s.High * of,
					fmt.Sprintf("%+.0f %%  (%s) %s", 100*s.Median*of, duration(s.Median), doubt(s, row.Noise)),
				})
			}
		}
		p.rows = append(p.rows, group)
	}
	return p
}

func (r *report) macroPanel() panel {
	p := panel{title: "Whole programs", unit: "CPU time of all their processes, beside what it is without; the collector's own apart"}
	for _, row := range r.Macro {
		group := barRow{name: row.Load}
		for _, c := range subjectColours {
			if m, there := row.With[c.name]; there {
				group.bars = append(group.bars, bar{
					c.name, m.Slower.Median, m.Slower.Low, m.Slower.High,
					fmt.Sprintf("%+.1f %% %s (collector %.1f %%)", 100*m.Slower.Median, doubt(m.Slower, row.Noise), 100*m.Watcher),
				})
			}
		}
		p.rows = append(p.rows, group)
	}
	return p
}

func (r *report) enginePanel() panel {
	p := panel{title: "Matching", unit: "CPU time of one open in the rule engine, with official rules"}
	for _, b := range r.Engine {
		of, isWords := strings.CutSuffix(b.Name, "/words")
		for _, other := range r.Engine {
			if isWords && other.Name == of+"/closures" {
				p.rows = append(p.rows, barRow{strings.ReplaceAll(strings.TrimPrefix(of, "Match/"), "_", " "), []bar{
					{saker, b.Time, 0, 0, duration(b.Time)}, {"closures", other.Time, 0, 0, duration(other.Time)},
				}})
			}
		}
	}
	return p
}

// duration is a time in ns as people write it.
func duration(ns float64) string {
	if ns >= 1000 || ns <= -1000 {
		return fmt.Sprintf("%.1f µs", ns/1000)
	}
	return fmt.Sprintf("%.0f ns", ns)
}

// picture draws the medians of what was measured, as SVG, the quartiles as lines.
func (r *report) picture() []byte {
	d := &drawing{y: edge}
	d.text(edge, 22, "#1f2328", "What it costs to be watched", `font-weight="bold"`)
	d.y += 22
	d.text(edge, 12, "#57606a", fmt.Sprintf("%s. Rules: %s.", r.Machine, r.Rules), "")
	d.y += 17
	d.text(edge, 12, "#57606a", "Medians, lines from quartile to quartile; < control: no more than nothing differs from nothing.", "")
	d.y += 24
	list := r.panels()
	d.legend(list)
	for _, p := range list {
		d.panel(p)
	}
	return d.svg()
}

// drawing is an SVG that grows downwards.
type drawing struct {
	out bytes.Buffer
	y   int
}

func (d *drawing) text(x float64, size int, colour, text, more string) {
	fmt.Fprintf(&d.out, `<text x="%.1f" y="%d" font-size="%d" fill="%s" %s>%s</text>`+"\n", x, d.y, size, colour, more, html.EscapeString(text))
}

// legend names the subjects that have a bar.
func (d *drawing) legend(list []panel) {
	x := float64(edge)
	for _, c := range subjectColours {
		if !hasBar(list, c.name) {
			continue
		}
		fmt.Fprintf(&d.out, `<rect x="%.1f" y="%d" width="12" height="12" fill="%s"/>`, x, d.y-11, c.colour)
		d.text(x+17, 12, "#1f2328", c.shown, "")
		x += 40 + 6.6*float64(len(c.shown))
	}
}

func hasBar(list []panel, subject string) bool {
	for _, p := range list {
		for _, row := range p.rows {
			for _, b := range row.bars {
				if b.subject == subject {
					return true
				}
			}
		}
	}
	return false
}

func (d *drawing) panel(p panel) {
	d.y += panelSpace
	d.text(edge, 15, "#1f2328", p.title, `font-weight="bold"`)
	d.text(edge+labelWidth, 12, "#57606a", p.unit, "")
	most := 0.0
	for _, row := range p.rows {
		for _, b := range row.bars {
			most = max(most, b.value, b.high)
		}
	}
	scale := (pictureWidth - 2*edge - labelWidth - valueWidth) / max(most, 1e-9)
	d.y += groupSpace
	axis := d.y
	for _, row := range p.rows {
		top := d.y
		for _, b := range row.bars {
			d.bar(b, scale)
		}
		middle := d.y
		d.y = (top+d.y)/2 + 3
		d.text(edge+labelWidth-10, 13, "#1f2328", row.name, `text-anchor="end"`)
		d.y = middle + groupSpace
	}
	fmt.Fprintf(&d.out, `<path d="M%d %dV%d" stroke="#8b949e"/>`+"\n", edge+labelWidth, axis-4, d.y-groupSpace+4)
}

// bar draws a bar; what is less than nothing has none, and lines end at the edge.
func (d *drawing) bar(b bar, scale float64) {
	left, limit := float64(edge+labelWidth), float64(pictureWidth-2*edge-labelWidth-valueWidth)
	at := func(v float64) float64 { return left + min(max(0, v*scale), limit) }
	fmt.Fprintf(&d.out, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, left, d.y, max(at(b.value)-left, 1), barHeight, colourOf(b.subject))
	if b.high > b.low {
		fmt.Fprintf(&d.out, `<path d="M%.1f %dH%.1f" stroke="#1f2328" stroke-opacity="0.55" stroke-width="1.5"/>`, at(b.low), d.y+barHeight/2, at(b.high))
	}
	d.y += barHeight - 3
	d.text(max(at(b.value), at(b.high))+7, 12, "#57606a", b.label, "")
	d.y += 3 + barSpace
}

func colourOf(subject string) string {
	for _, c := range subjectColours {
		if c.name == subject {
			return c.colour
		}
	}
	return ""
}

func (d *drawing) svg() []byte {
	height := d.y + edge/2
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif">`+
		"\n"+`<rect width="100%%" height="100%%" fill="white"/>`+"\n", pictureWidth, height, pictureWidth, height)
	return append(append([]byte(head), d.out.Bytes()...), "</svg>\n"...)
}
