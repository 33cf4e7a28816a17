package report

import (
	"fmt"
	"slices"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend"
)

// referenceOf gathers Microsoft's recommendations, which are made size by size, by the pools in which sizes serve each other:
// only there can they be set beside ours. Of several lookbacks the longest is taken; a sum that does not fit is left out.
func referenceOf(p *recommend.Plan) []referenceStory {
	var out []referenceStory
	for i := range p.Pools {
		pool := &p.Pools[i]
		for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
			if story, ok := referenceOfPool(p, pool, term); ok {
				out = append(out, story)
			}
		}
	}
	return out
}

// referenceOfPool is the recommendation for one pool and term; ok is false where there is none.
func referenceOfPool(p *recommend.Plan, pool *recommend.Pool, term pricing.Term) (story referenceStory, ok bool) {
	story = referenceStory{
		PoolID: pool.ID, Pool: shortSize(catalog.Size(pool.Group)) + " in " + string(pool.Region), Unit: shortSize(pool.UnitSize), Years: term.Years(),
	}
	for i := range p.Reference {
		if r := &p.Reference[i]; r.Term == term && inPool(r, pool) {
			story.LookbackDays, ok = max(story.LookbackDays, r.LookbackDays), true
		}
	}
	for i := range p.Reference {
		r := &p.Reference[i]
		if r.Term != term || r.LookbackDays != story.LookbackDays || !inPool(r, pool) {
			continue
		}
		story.Theirs += float64(r.Quantity) * weight(r.Size, pool)
		if story.Bought != "" {
			story.Bought += " + "
		}
		story.Bought += fmt.Sprintf("%d × %s", r.Quantity, shortSize(r.Size))
		sum, err := story.Saving.Add(r.NetSavings)
		if err != nil {
			return story, false
		}
		story.Saving = sum
		if r.Difference != "" && !slices.Contains(story.Differences, r.Difference) {
			story.Differences = append(story.Differences, r.Difference)
		}
	}
	for i := range p.Lines {
		if l := &p.Lines[i]; l.Pool == pool.ID && l.Term == term {
			story.Ours += float64(l.Quantity) * weight(l.Size, pool)
		}
	}
	return story, ok
}

// inPool reports whether a recommendation is about usage of a pool.
func inPool(r *recommend.Reference, pool *recommend.Pool) bool {
	if r.Customer != pool.Customer || r.Region != pool.Region || r.Currency != pool.Currency {
		return false
	}
	if group, ok := r.Size.Group(); ok && pool.Flexible {
		return group.Name == pool.Group
	}
	return string(r.Size) == pool.Group || r.Size == pool.UnitSize
}

// weight is the number of units of a pool that one instance of size is.
func weight(size catalog.Size, pool *recommend.Pool) float64 {
	group, ok := size.Group()
	if !ok || !pool.Flexible || pool.UnitRatio <= 0 || size == pool.UnitSize {
		return 1
	}
	return float64(group.Ratio) / float64(pool.UnitRatio)
}
