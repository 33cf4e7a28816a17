//go:build engines

package upload

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// tusScript sends a file with the client of the tus project: in chunks, broken off in the middle and gone on with from the
// address that it remembers, then whole, then ended.
const tusScript = `
const fs = require("fs"), tus = require("tus-js-client");
const [endpoint, path] = process.argv.slice(2);
const data = fs.readFileSync(path);
const options = (more) => Object.assign({endpoint, headers: {Authorization: "Bearer one/anna"}, retryDelays: [0, 100, 500],
  metadata: {filename: "october.csv", customer: "contoso"}, chunkSize: 1 << 20}, more);
const whole = (options, url) => new Promise((resolve, reject) => {
  const up = new tus.Upload(data, options(resolve, reject));
  up.start();
});
(async () => {
  let url = "", sent = 0, resumedAt = -1;
  await new Promise((resolve, reject) => {
    const up = new tus.Upload(data, options({
      onError: reject, onSuccess: () => reject(new Error("it was to be broken off")),
      onChunkComplete: (_, accepted) => { sent = accepted; if (accepted >= 2 << 20) { url = up.url; up.abort().then(resolve, reject); } },
    }));
    up.start();
  });
  await new Promise((resolve, reject) => {
    const up = new tus.Upload(data, options({
      uploadUrl: url, onError: reject, onSuccess: resolve,
      onProgress: (bytes) => { if (resumedAt < 0) resumedAt = bytes; },
    }));
    up.start();
  });
  if (resumedAt < sent) throw new Error("begun again at " + resumedAt + ", " + sent + " were acknowledged");
  // The whole file in one request, with creation-with-upload.
  await new Promise((resolve, reject) => new tus.Upload(data, options({chunkSize: Infinity, uploadDataDuringCreation: true, onError: reject, onSuccess: resolve})).start());
  // An upload that is ended is gone.
  await new Promise((resolve, reject) => {
    const up = new tus.Upload(data, options({
      onError: reject, onSuccess: () => reject(new Error("it was to be ended")),
      onChunkComplete: () => up.abort(true).then(() => tus.Upload.terminate(up.url, options({})).then(() => reject(new Error("ended twice")), resolve), reject),
    }));
    up.start();
  });
  console.log("resumed at", resumedAt);
})().catch((err) => { console.error(err); process.exit(1); });
`

// The client that browsers use speaks with the door.
func TestTusJSClient(t *testing.T) {
	packages := os.Getenv("SIZETERM_TEST_NPM")
	require.NotEmpty(t, packages, "SIZETERM_TEST_NPM is a folder with tus-js-client: .ci/engines makes it")
	dir := t.TempDir()
	h := newHouse(t, nil)
	data := random(5<<20 + 123)
	file, script := filepath.Join(dir, "october.csv"), filepath.Join(dir, "send.js")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	require.NoError(t, os.WriteFile(script, []byte(tusScript), 0o600))
	send := exec.Command("node", script, h.server.URL+"/api/uploads/", file)
	send.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(packages, "node_modules"))
	out, err := send.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Log(string(out))
	require.Equal(t, data, h.stored(sumOf(data)))
	require.Len(t, h.books.files, 1)
	recorded := h.books.files["one/contoso/"+sumOf(data)]
	require.Equal(t, "october.csv", recorded.Name)
	left, err := os.ReadDir(h.options.Dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "the two that were finished keep their receipts, the one that was ended is gone")
}
