package solve

import "math"

// simplex maximises gain·x over rows a x <= right, x >= 0, where right >= 0, so that x = 0 is a start. It is the primal method on a
// dense tableau whose columns are the variables that are 0 now. Only the dual prices of the rows are wanted, and whatever their
// rounding errors, they prove what the Lagrangian makes of them; so a run that stops early is a weaker bound and never a wrong one.
type simplex struct {
	a     [][]float64 // by row, the last column is the right side; the last row is the gain
	basic []int       // which variable each row stands for: 0..n-1 are columns, n+i is the slack of row i
	free  []int       // which variable each column stands for

	filled []int
}

func newSimplex(rows, columns int) *simplex {
	s := &simplex{a: make([][]float64, rows+1), basic: make([]int, rows), free: make([]int, columns)}
	cells := make([]float64, (rows+1)*(columns+1))
	for i := range s.a {
		s.a[i] = cells[i*(columns+1) : (i+1)*(columns+1)]
	}
	for i := range s.basic {
		s.basic[i] = columns + i
	}
	for j := range s.free {
		s.free[j] = j
	}
	return s
}

// solve pivots until no column gains, or about most cells have been changed, and returns the dual price of each row.
func (s *simplex) solve(most int) []float64 {
	rows, columns := len(s.basic), len(s.free)
	gain := s.a[rows]
	scale := 0.0
	for j := range columns {
		scale = max(scale, math.Abs(gain[j]))
	}
	for i := range rows { // different tiny rooms in every row: without them the method can walk in circles
		s.a[i][columns] += 1e-7 * float64(1+i*7919%1009) / 1009 * (1 + s.a[i][columns])
	}
	for work := 0; work < most; {
		column := -1
		for j := range columns {
			if gain[j] > 1e-9*scale && (column < 0 || gain[j] > gain[column]) {
				column = j
			}
		}
		if column < 0 {
			break
		}
		row := s.leaving(column)
		if row < 0 {
			break // unbounded: cannot be, every variable has a limit
		}
		work += s.pivot(row, column)
	}
	prices := make([]float64, rows)
	for j, v := range s.free {
		if v >= columns {
			prices[v-columns] = max(0, -gain[j])
		}
	}
	return prices
}

// leaving returns the row that limits a column first.
func (s *simplex) leaving(column int) int {
	row, least, columns := -1, 0.0, len(s.free)
	for i := range s.basic {
		x := s.a[i][column]
		if x < 1e-9 {
			continue
		}
		if ratio := s.a[i][columns] / x; row < 0 || ratio < least {
			row, least = i, ratio
		}
	}
	return row
}

// pivot exchanges a row with a column and returns how many cells it changed.
func (s *simplex) pivot(row, column int) (work int) {
	r := s.a[row]
	p := 1 / r[column]
	s.filled = s.filled[:0] // rows stay sparse for long: only the filled columns of this one matter
	for j := range r {
		if r[j] != 0 && j != column {
			r[j] *= p
			s.filled = append(s.filled, j)
		}
	}
	r[column] = p
	for i, other := range s.a {
		f := other[column]
		if i == row || f == 0 {
			continue
		}
		work += len(s.filled)
		for _, j := range s.filled {
			other[j] -= f * r[j]
		}
		other[column] = -f * p
	}
	s.basic[row], s.free[column] = s.free[column], s.basic[row]
	return work + len(r)
}

// values returns the value of each column's variable.
func (s *simplex) values() []float64 {
	columns := len(s.free)
	x := make([]float64, columns)
	for i, v := range s.basic {
		if v < columns {
			x[v] = s.a[i][columns]
		}
	}
	return x
}
