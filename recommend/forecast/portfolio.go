package forecast

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Portfolio is what the past of all pools of a partner says about how demand moves and ends. It does not change and may be shared.
type Portfolio struct {
	policy    Policy
	partner   peers
	customers map[string]peers
}

// peers is the pooled experience of a group of pools.
type peers struct {
	shapes   []float64  // changes of level over their own pool's spread, rising: the form of a change, tails included
	logSize  float64    // mean of log lasting
	logNoise float64    // mean of log noise
	mean     [2]float64 // log of the mean of lasting, and of noise: what is believed of a pool before its own weeks are seen
	weight   float64    // weeks behind the two
	trends   float64    // sum of squares of the pools' trends
	pools    float64
	months   float64   // pool-months in which a break would have been seen
	losses   float64   // and how many there were
	left     []float64 // what they left, rising
	use      float64   // share of hours in which a step of a pool is used
	usePools float64   // pools behind it
}

// NewPortfolio learns from pools, in any order. It fails on what Pool refuses and on a policy that is meaningless.
func NewPortfolio(pools []Pool, policy Policy) (*Portfolio, error) {
	if err := policy.Validate(); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	all := map[string][]past{"": nil}
	for i := range pools {
		if err := pools[i].check(); err != nil {
			return nil, err
		}
		h := pastOf(&pools[i])
		all[""] = append(all[""], h)
		if c := pools[i].Customer; c != "" {
			all[c] = append(all[c], h)
		}
	}
	pf := &Portfolio{policy: policy, customers: map[string]peers{}}
	prior := peers{logSize: math.Log(square(policy.WeeklyDrift * math.Log2E)), logNoise: math.Log(square(policy.WeeklyDrift * math.Log2E)), mean: [2]float64{math.Log(square(policy.WeeklyDrift * math.Log2E)), math.Log(square(policy.WeeklyDrift * math.Log2E))}, weight: policy.DriftWeeks, use: 0.5}
	pf.partner = gather(all[""], prior, policy)
	for c, pasts := range all {
		pf.customers[c] = gather(pasts, pf.partner, policy)
	}
	return pf, nil
}

func square(x float64) float64 { return x * x }

// least is the smallest variance of a weekly change that is believed: 0.1 % a week.
var least = square(0.001 * math.Log2E)

// gather pools histories and leans them on what a wider group says, the less the more they hold themselves. Sums are taken in sorted
// order, so that the order of the pools does not show in the last bit.
func gather(pasts []past, wider peers, policy Policy) peers {
	g := peers{}
	var sizes, noises, trends, uses []float64
	var sums [2][]float64
	for _, h := range pasts {
		known := h.known()
		if n := float64(len(known)); n > 0 {
			g.weight += n
			sizes = append(sizes, n*math.Log(max(h.lasting, least)))
			noises = append(noises, n*math.Log(max(h.noise, least)))
			sums[0], sums[1] = append(sums[0], n*max(h.lasting, least)), append(sums[1], n*max(h.noise, least))
		}
		if len(known) >= weeksOfQuarter/2 {
			g.pools++
			trends = append(trends, square(h.trend))
		}
		if h.hasUse {
			uses = append(uses, h.use)
		}
		g.shapes = append(g.shapes, h.forms()...)
		g.months += h.months
		g.losses += float64(len(h.breaks))
		g.left = append(g.left, h.breaks...)
	}
	slices.Sort(g.shapes)
	slices.Sort(g.left)
	lean := policy.DriftWeeks
	g.logSize = (sum(sizes) + float64(lean*wider.logSize)) / (g.weight + lean)
	g.logNoise = (sum(noises) + float64(lean*wider.logNoise)) / (g.weight + lean)
	for i := range g.mean {
		g.mean[i] = math.Log((sum(sums[i]) + float64(lean*math.Exp(wider.mean[i]))) / (g.weight + lean))
	}
	g.trends = sum(trends)
	g.usePools = float64(len(uses))
	g.use = (sum(uses) + float64(leanPools*wider.use)) / (g.usePools + leanPools)
	return g
}

func sum(values []float64) float64 {
	slices.Sort(values)
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// outlook is what is believed about one pool.
type outlook struct {
	past     past
	size     float64      // standard deviation of the lasting part of a week's change, in octaves
	noise    float64      // variance of what is gone the week after
	freedom  float64      // weeks of evidence behind size
	trend    float64      // octaves a week
	unsure   float64      // its standard deviation
	shapes   [3][]float64 // forms of a change: the pool's own, its customer's, the partner's or the default
	chance   [2]float64   // up to which of the three are drawn
	loss     []float64    // quantiles of the probability of a break in a month
	mean     float64      // its mean
	left     []float64    // what breaks left, rising
	leftOwn  float64      // probability of drawing from left and not from the default
	source   string
	losses   float64 // seen by the partner
	months   float64 // in as many pool-months
	customer peers
	use      Use
}

// defaultShapes is Student's t with 4 degrees of freedom, scaled to variance 1: changes of demand have heavy tails.
var defaultShapes = tableOf(func(u float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: math.Sqrt(0.5), Nu: 4}.Quantile(u)
})

// defaultLeft is what a break leaves before any has been seen: mostly nothing.
var defaultLeft = []float64{0, 0, 0, 0, 0.15, 0.35}

// outlook leans what the pool says on its peers.
func (pf *Portfolio) outlook(p *Pool) outlook {
	c, ok := pf.customers[p.Customer]
	if !ok {
		c = pf.customers[""]
	}
	o := outlook{past: pastOf(p), customer: c, use: pf.Use(p.Customer)}
	known := o.past.known()
	n, lean := float64(len(known)), pf.policy.DriftWeeks
	size, noise := c.before(0, n, lean), c.before(1, n, lean)
	if n > 0 {
		size = (float64(n*math.Log(max(o.past.lasting, least))) + float64(lean*size)) / (n + lean)
		noise = (float64(n*math.Log(max(o.past.noise, least))) + float64(lean*noise)) / (n + lean)
	}
	o.size, o.noise = math.Sqrt(math.Exp(size)), math.Exp(noise)
	o.freedom = lean + n/2
	o.findTrend(n, pf.partner, pf.policy.Trend)
	o.findShapes(c, pf.partner)
	o.findLoss(c, pf)
	return o
}

// before is what the peers say of the log of a variance of a pool that was seen for n weeks: the mean of their variances, for a new one may be
// like any of them, and the typical one (the mean of logs) the more weeks of its own correct that.
func (g *peers) before(which int, n, lean float64) float64 {
	typical := g.logSize
	if which == 1 {
		typical = g.logNoise
	}
	own := n / (n + lean)
	return float64(own*typical) + float64((1-own)*g.mean[which])
}

// findTrend shrinks the pool's trend to 0 as far as its own noise and the trends of its peers advise, and keeps of that the policy's share.
// How fast the level moves in the coming quarter stays as unsure as without.
func (o *outlook) findTrend(n float64, partner peers, kept float64) {
	const usual, worth = 0.005 * math.Log2E, 4 // a trend of half a percent a week is usual, worth four pools
	between := (partner.trends + worth*usual*usual) / (partner.pools + worth)
	within := (square(o.size) + o.noise) / max(1, min(n, weeksOfQuarter))
	if n == 0 {
		o.unsure = math.Sqrt(between)
		return
	}
	o.trend = kept * o.past.trend * between / (between + within)
	o.unsure = math.Sqrt(between * within / (between + within))
}

// findShapes says from which group a week's change takes its form.
func (o *outlook) findShapes(c, partner peers) {
	const lean = 12 // changes that the next wider group is worth
	o.shapes[0] = o.past.forms()
	o.shapes[1], o.shapes[2] = c.shapes, partner.shapes
	if len(o.shapes[2]) < 2*lean {
		o.shapes[2] = defaultShapes
	}
	if len(o.shapes[1]) == 0 {
		o.shapes[1] = o.shapes[2]
	}
	n, m := float64(len(o.shapes[0])), float64(len(c.shapes))
	o.chance[0] = n / (n + lean)
	o.chance[1] = o.chance[0] + (1-o.chance[0])*m/(m+lean)
}

// findLoss is a chain of Beta posteriors: the policy's, then the other customers', then the customer's own. What a customer lived
// through counts once.
func (o *outlook) findLoss(c peers, pf *Portfolio) {
	worth := pf.policy.LossMonths
	others := (pf.partner.losses - c.losses + float64(worth*pf.policy.MonthlyLoss)) / (pf.partner.months - c.months + worth)
	a, months := c.losses+float64(worth*others), c.months+worth
	o.mean = a / months
	beta := distuv.Beta{Alpha: a, Beta: max(months-a, 1)}
	o.loss = tableOf(beta.Quantile)
	o.left = pf.partner.left
	o.leftOwn = float64(len(o.left)) / float64(len(o.left)+len(defaultLeft))
	o.losses, o.months = pf.partner.losses, pf.partner.months
	o.source = fmt.Sprintf("policy %.3g %% a month worth %.0f pool-months; of the partner's pools %.0f broke away in %.0f pool-months, %.0f in %.0f of them this customer's",
		100*pf.policy.MonthlyLoss, worth, pf.partner.losses, pf.partner.months, c.losses, c.months)
}
