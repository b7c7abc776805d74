// Drives npm's tus-js-client for the tests: one JSON object in, one JSON line out.
//
// In:  {endpoint, file, headers, metadata, chunkSize?, uploadUrl?, abortAfter?, terminate?, override?}
// Out: {outcome: "done" | "aborted" | "failed", url, status?, message?}
import { createReadStream } from 'node:fs'
import * as tus from 'tus-js-client'

const order = JSON.parse(process.argv[2])
let ended = false

function tell(outcome, more = {}) {
  if (ended) return
  ended = true
  process.stdout.write(JSON.stringify({ outcome, url: upload.url, ...more }) + '\n')
  process.exit(0)
}

const upload = new tus.Upload(createReadStream(order.file), {
  endpoint: order.endpoint,
  uploadUrl: order.uploadUrl,
  headers: order.headers,
  metadata: order.metadata,
  chunkSize: order.chunkSize ?? Infinity,
  overridePatchMethod: order.override ?? false,
  retryDelays: [50, 100, 200, 400, 800, 1600],
  onProgress(sent) {
    if (order.abortAfter !== undefined && sent >= order.abortAfter && !ended) {
      upload.abort(order.terminate ?? false).then(
        () => tell('aborted'),
        (error) => tell('failed', { message: String(error) }),
      )
    }
  },
  onSuccess: () => tell('done'),
  onError: (error) =>
    tell('failed', { status: error.originalResponse?.getStatus(), message: String(error) }),
})
upload.start()
