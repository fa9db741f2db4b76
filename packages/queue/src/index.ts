export { answers, type ConnectionOptions, connect } from './connection.ts';
export { type Consumer, type ConsumerOptions, createConsumer, type Verdict } from './consumer.ts';
export { deliveryId, jobIdOfDelivery } from './delivery-id.ts';
export { createEpoch, type Epoch } from './epoch.ts';
export { type QueueView, type RedisSetup, readRedisSetup, viewQueue } from './inspect.ts';
export { KEY_PREFIX, type Payload, QUEUE_NAME } from './names.ts';
export { createProducer, type Delivery, type Producer, QueueUnavailable } from './producer.ts';
export { createViewer } from './viewer.ts';
