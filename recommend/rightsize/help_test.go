package rightsize

import "time"

var testDay = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
