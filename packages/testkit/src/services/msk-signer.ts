import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { copyJars } from './maven.ts'
import type { Installation } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const POM = fileURLToPath(new URL('msk-signer-pom.xml', import.meta.url))
const JAVA = { from: 17, to: 25 }

/** Amazon's own library for logins by IAM, in Java: jars in `<home>`, to be run by `<home>/java`. */
export const mskSigner: Installation = {
  pins: readFileSync(POM, 'utf8'),
  missing: () => missingJava(JAVA) ?? missingTool('mvn'),
  install: async (home, run) => {
    const java = javaHome(JAVA) ?? ''
    await copyJars(POM, home, run, { JAVA_HOME: java })
    await run(['ln', '-s', `${java}/bin/java`, `${home}/java`])
  },
}
