package web

import "net/http"

// livez says that the process answers.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) error {
	return ignoreGone(plainText(w, "alive\n"))
}

// readyz says that it can work: its store can be written, and there is room.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	if s.Ready != nil {
		if err := s.Ready(r.Context()); err != nil {
			s.log.Warn("not ready", "error", redact(err))
			return problem(http.StatusServiceUnavailable, "not-ready", "The service cannot work now", "")
		}
	}
	return ignoreGone(plainText(w, "ready\n"))
}

func plainText(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte(text))
	return err
}

// metrics answers scrapes.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) error {
	if s.Metrics == nil {
		return errMissing
	}
	s.Metrics.ServeHTTP(w, r)
	return nil
}
