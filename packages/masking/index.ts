export { MASK, maskSecret, maskText, maskUrl, maskValue } from './mask.ts';
export { isSecretName } from './secret-names.ts';
