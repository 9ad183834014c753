package main

import (
	"bytes"
	"fmt"
	"html"
)

// The picture's measures, in pixels.
const (
	pictureWidth = 760
	labelWidth   = 130
	barHeight    = 12
	barSpace     = 3
	groupSpace   = 16
	topSpace     = 44
)

// colours of the subjects, in the order of the bars.
var colours = []struct{ name, colour string }{
	{saker, "#1f6feb"}, {falco, "#00a3a3"}, {emptyAll, "#9aa4b2"}, {emptyCall, "#c8d0da"},
}

// picture draws how much slower each act becomes with each subject, as SVG.
func (r *report) picture() []byte {
	var bars bytes.Buffer
	most, y := 0.0, topSpace
	for _, row := range r.Added {
		for _, s := range row.With {
			most = max(most, s.Median/row.Without)
		}
	}
	for _, row := range r.Added {
		fmt.Fprintf(&bars, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", labelWidth-8, y+barHeight-2, html.EscapeString(row.Act))
		for _, c := range colours {
			s, there := row.With[c.name]
			if !there {
				continue
			}
			share := max(0, s.Median/row.Without)
			width := share / max(most, 0.01) * (pictureWidth - labelWidth - 70)
			fmt.Fprintf(&bars, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, labelWidth, y, width, barHeight, c.colour)
			fmt.Fprintf(&bars, `<text x="%.1f" y="%d" fill="#57606a">%+.0f %%</text>`+"\n", labelWidth+width+5, y+barHeight-2, 100*share)
			y += barHeight + barSpace
		}
		y += groupSpace
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">`+"\n", pictureWidth, y)
	fmt.Fprintf(&out, `<rect width="100%%" height="100%%" fill="white"/><text x="8" y="16" font-size="13">CPU time that an act takes more (%s)</text>`+"\n", html.EscapeString(r.Machine))
	x := labelWidth
	for _, c := range colours {
		if c.name == falco && len(r.Added) > 0 && r.Added[0].With[falco] == (spread{}) {
			continue
		}
		fmt.Fprintf(&out, `<rect x="%d" y="24" width="10" height="10" fill="%s"/><text x="%d" y="33">%s</text>`+"\n", x, c.colour, x+14, c.name)
		x += 40 + 7*len(c.name)
	}
	return append(append(out.Bytes(), bars.Bytes()...), "</svg>\n"...)
}
