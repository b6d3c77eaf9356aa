package main

import (
	"cmp"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// print writes first and last cost, the fitted slope, and what kind of growth that is.
func (t topic) print(w io.Writer, lines []line) {
	first, last := t.sizes[0], t.sizes[len(t.sizes)-1]
	fmt.Fprintf(w, "\n%-50s %13s %13s %7s %18s %6s\n", t.title, fmt.Sprintf("%s at %d", t.measured(), first), fmt.Sprintf("at %d", last), "×",
		t.measured()+" a "+t.unit, "R²")
	for _, l := range lines {
		slope, r2 := t.fit(l.values)
		from, to := l.values[0], l.values[len(l.values)-1]
		fmt.Fprintf(w, "  %-48s %13.0f %13.0f %7s %18.4g %6.3f  %s\n", l.name, from, to, decimal(math.Round(100*to/from)/100), slope, r2,
			t.verdict(l.values))
	}
}

// verdict says flat when the whole range adds less than a fifth, and linear when a line explains it.
func (t topic) verdict(values []float64) string {
	_, r2 := t.fit(values)
	switch {
	case values[len(values)-1] < values[0]*1.2:
		return "flat"
	case !t.logarithmic && r2 > 0.9:
		return "linear"
	}
	return "grows"
}

func (t topic) measured() string { return cmp.Or(t.measures, "ns") }

// position is where a size lies on the axis.
func (t topic) position(i int) float64 {
	if t.logarithmic {
		return math.Log10(float64(t.sizes[i]))
	}
	return float64(t.sizes[i])
}

// fit is the line of least squares.
func (t topic) fit(values []float64) (slope, r2 float64) {
	n := float64(len(values))
	var sx, sy, sxx, sxy, syy float64
	for i, y := range values {
		x := t.position(i)
		sx, sy, sxx, sxy, syy = sx+x, sy+y, sxx+x*x, sxy+x*y, syy+y*y
	}
	covariance, vx, vy := n*sxy-sx*sy, n*sxx-sx*sx, n*syy-sy*sy
	if vy == 0 {
		return 0, 1
	}
	return covariance / vx, covariance * covariance / (vx * vy)
}

// plot draws the lines.
func (t topic) plot(file string, lines []line) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = t.title, "µs"
	if t.measures != "" {
		p.Y.Label.Text = "thousand " + t.measures
	}
	p.X.Min, p.Y.Min = float64(t.sizes[0]), 0
	if t.logarithmic {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{}
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	var highest float64
	for i, l := range lines {
		points := make(plotter.XYs, len(l.values))
		for j, ns := range l.values {
			points[j] = plotter.XY{X: float64(t.sizes[j]), Y: ns / 1e3}
			highest = max(highest, ns/1e3)
		}
		curve, dots, err := plotter.NewLinePoints(points)
		check(err)
		curve.Color, dots.Color = plotutil.Color(i), plotutil.Color(i)
		curve.Dashes, dots.Shape = plotutil.Dashes(i), plotutil.Shape(i)
		p.Add(curve, dots)
		p.Legend.Add(l.name, curve, dots)
	}
	p.Y.Max = highest * (1.1 + 0.08*float64(len(lines))) // the legend is above the curves
	check(p.Save(16*vg.Centimeter, 10*vg.Centimeter, file))
}
