import { App } from 'aws-cdk-lib'
import { AirflowStack } from './src/airflow-stack.ts'
import { checkApp } from './src/checks.ts'
import { PipelineStack } from './src/pipeline-stack.ts'

// cdk deploy Millrace -c uid=0a1b2c3d4e5f; with -c airflow=true there is a stack MillraceAirflow besides.
const app = new App()
const uid = String(app.node.tryGetContext('uid'))
const pipeline = new PipelineStack(app, 'Millrace', { uid })
if (String(app.node.tryGetContext('airflow')) === 'true') new AirflowStack(app, 'MillraceAirflow', { pipeline })
checkApp(app)
app.synth()
