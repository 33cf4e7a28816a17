package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Before the first plan every page that the menu leads to says what to do next.
func TestPagesBeforeTheFirstPlan(t *testing.T) {
	s := newService(t, withDesks)
	b := s.as("home", "ann", Admin)
	for path, want := range map[string]string{"/": "Upload files", "/prices": "There is no plan yet", "/uploads": "Nothing was sent yet", "/orders": "Open a customer and request lines"} {
		status, _, text := b.get(path)
		require.Equal(t, http.StatusOK, status, path)
		require.Contains(t, text, want, path)
		require.False(t, strings.Contains(text, "and there is no plan yet"), "nothing came")
	}
}
