import { parseArgs } from 'node:util';
import { startSqsServer } from '../src/local/queue/sqs-server.ts';
import { type EmulatorQueue, flattenCosts, padReceiptHandles } from './emulator-patches.ts';
import { takeBackUnreadAnswers } from './unread-answers.ts';

// A program that runs the SQS emulator on loopback until it is stopped.
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    'handle-bytes': { type: 'string' },
    stock: { type: 'boolean', default: false },
  },
});

const queueModule = new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs'));
const { SqsQueue } = (await import(queueModule.href)) as { SqsQueue: { prototype: EmulatorQueue } };
if (!values.stock) flattenCosts(SqsQueue.prototype);
const handleBytes = Number(values['handle-bytes']);
if (handleBytes > 0) padReceiptHandles(SqsQueue.prototype, handleBytes);
takeBackUnreadAnswers();

const server = await startSqsServer({ port: Number(values.port) });
process.on('SIGTERM', () => void server.stop());
