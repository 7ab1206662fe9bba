import { App } from 'aws-cdk-lib'
import { AirflowStack } from './src/airflow-stack.ts'
import { checkApp } from './src/checks.ts'
import { PipelineStack } from './src/pipeline-stack.ts'

// cdk deploy Millrace -c uid=0a1b2c3d4e5f, the first time with -c kafkaWorkers=0, for there are no topics yet; with -c airflow=true there is a stack MillraceAirflow besides.
const app = new App()
const uid = String(app.node.tryGetContext('uid'))
const kafkaWorkers = Number(app.node.tryGetContext('kafkaWorkers'))
const pipeline = new PipelineStack(app, 'Millrace', { uid, kafkaWorkers })
if (String(app.node.tryGetContext('airflow')) === 'true') new AirflowStack(app, 'MillraceAirflow', { pipeline })
checkApp(app)
app.synth()
