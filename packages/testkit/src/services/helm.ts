import type { Installation } from './server.ts'
import { missingTool } from './toolchain.ts'

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.18.6'

/** The command that renders charts: `<home>/helm`. */
export const helm: Installation = {
  pins: HELM,
  missing: () => missingTool('go'),
  install: (home, run) => run(['go', 'install', '-ldflags=-s -w', HELM], { GOBIN: home }),
}
