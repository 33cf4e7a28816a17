//go:build engines

package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// stop is where the Tab key led: what has the focus, where it is, and how the focus shows.
type stop struct {
	Name                  string
	Top, Left, Right, Low float64 // in the page, pixels
	Inside                bool    // in the window
	Ring                  float64 // width of the outline, pixels
	Contrast              float64 // of the outline against what is behind it
}

// watchFocus notes every stop, puts the start of the page before the next Tab, and returns how many stops a page has.
const watchFocus = `(() => {
	const rgb = c => { const n = c.match(/[\d.]+/g).map(Number); return n.length > 3 && n[3] === 0 ? null : n };
	const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
	const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c) { return c } } return rgb(getComputedStyle(document.body).backgroundColor) || [255, 255, 255] };
	window.stops = [];
	window.noteFocus ??= ({target: e}) => {
		const box = e.getBoundingClientRect(), style = getComputedStyle(e), ring = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
		const a = light(rgb(style.outlineColor) || [0, 0, 0]), b = light(behind(parseFloat(style.outlineOffset) < 0 ? e : e.parentElement));
		window.stops.push({Name: (e.tagName + " " + (e.textContent.trim() || e.name || e.ariaLabel || "").slice(0, 40)), Top: box.top + scrollY, Left: box.left, Right: box.right, Low: box.bottom + scrollY,
			Inside: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth, Ring: ring, Contrast: (Math.max(a, b) + .05) / (Math.min(a, b) + .05)});
	};
	document.removeEventListener("focusin", noteFocus);
	document.addEventListener("focusin", noteFocus);
	const first = document.createElement("button");
	document.body.prepend(first); first.focus(); first.remove(); window.stops = [];
	const radios = new Set();
	return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(e =>
		!e.disabled && e.type !== "hidden" && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}) && !(e.type === "radio" && radios.has(e.name) || !radios.add(e.type === "radio" ? e.name : "")) ).length;
})()`

// walk goes through the first stops of the page by Tab, most at most: the skip link is first, no stop is a trap, the focus is seen wherever it is, and goes on the way
// the eye does. All rings are at least 2 pixels, and 3:1 against what is behind them (WCAG 2.4.7, 2.4.11, 1.4.11).
func (b *tab) walk(name string, most int) {
	b.t.Helper()
	want := min(most, eval[int](b, watchFocus))
	for range want {
		b.do("tab", chromedp.KeyEvent(kb.Tab))
	}
	stops := eval[[]stop](b, `window.stops`)
	if len(stops) != want {
		b.t.Errorf("%s: %d stops by Tab, want %d: %+v", name, len(stops), want, stops)
	}
	for i, s := range stops {
		where := fmt.Sprintf("%s, stop %d: %+v", name, i+1, s)
		switch {
		case !s.Inside:
			b.t.Errorf("out of sight: %s", where)
		case s.Ring < 2:
			b.t.Errorf("no ring: %s", where)
		case s.Contrast < 3:
			b.t.Errorf("a ring that is not seen: %s", where)
		case i > 0 && s.Low < stops[i-1].Top && s.Left < stops[i-1].Right-1:
			b.t.Errorf("the focus goes back: %s, after %+v", where, stops[i-1])
		}
	}
}

// TestWithoutAMouse does by keys alone what needs a script: the skip link, a slider, a folded part, and ticking and requesting a line.
func TestWithoutAMouse(t *testing.T) {
	s, link := startIt(t, "demo")
	b := openBrowser(t)
	key := func(keys ...string) {
		for _, k := range keys {
			b.do("key", chromedp.KeyEvent(k))
		}
	}
	b.do("sign in", chromedp.Navigate(link.String()), chromedp.Focus("main button"))
	key(kb.Enter)
	b.sees("Contoso Ltd")
	b.settles()
	b.do("portfolio", chromedp.Navigate(s.base+"/"))
	b.walk("portfolio", 100)
	b.do("again", chromedp.Reload())
	key(kb.Tab, kb.Enter, kb.Tab) // the skip link, then what follows in the content
	require.True(t, eval[bool](b, `document.activeElement.closest("main") !== null`), "the skip link leads into the content")
	b.do("customer", chromedp.Navigate(s.base+eval[string](b, `document.querySelector("main a[href^='/customers/']").getAttribute("href")`)))
	b.sees("What to buy")
	b.do("fold", chromedp.Focus("main summary"))
	was := eval[bool](b, `document.querySelector("main summary").parentElement.open`)
	key(kb.Enter)
	require.NotEqual(t, was, eval[bool](b, `document.querySelector("main summary").parentElement.open`), "Enter folds")
	b.do("pool", chromedp.Navigate(s.base+eval[string](b, `document.querySelector("main a[href*='/pools/']").getAttribute("href").split("#")[0]`)))
	b.sees("What was compared")
	b.do("slider", chromedp.Focus("form[data-what-if] input[type=range]"))
	key(kb.ArrowLeft)
	b.sees("This would")
	require.Equal(t, "range", eval[string](b, `document.activeElement.type`), "the answer leaves the focus where it was")
}
