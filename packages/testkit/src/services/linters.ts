import { makeVenv } from './python.ts'
import type { Installation } from './server.ts'
import { missingTool } from './toolchain.ts'

const REQUIREMENTS = ['cfn-lint==1.58.0', 'kubernetes-validate==1.37.0', 'check-jsonschema==0.39.0']

/** Judges of what is deployed, in `<home>/venv/bin`: CloudFormation, Kubernetes manifests, compose files. */
export const linters: Installation = {
  pins: REQUIREMENTS.join('\n'),
  missing: () => missingTool('python3'),
  install: (home, run) => makeVenv(home, REQUIREMENTS, run),
}
