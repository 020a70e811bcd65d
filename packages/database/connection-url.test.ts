import { describe, expect, it } from 'vitest';
import { DatabaseUrlError, parseConnectionUrl } from './index.ts';

describe('a database connection', () => {
  it.each([
    ['sqlite://', { dialect: 'sqlite', path: null }],
    ['sqlite:///:memory:', { dialect: 'sqlite', path: null }],
    ['sqlite:///nova.sqlite', { dialect: 'sqlite', path: 'nova.sqlite' }],
    ['sqlite:////var/lib/nova/nova.sqlite', { dialect: 'sqlite', path: '/var/lib/nova/nova.sqlite' }],
    ['sqlite:///nova.sqlite?timeout=5', { dialect: 'sqlite', path: 'nova.sqlite' }],
    [
      'postgresql://u:p%40@db:5433/nova?sslmode=require',
      { dialect: 'postgresql', url: 'postgresql://u:p%40@db:5433/nova?sslmode=require' },
    ],
    ['postgresql+psycopg2://u@db/nova', { dialect: 'postgresql', url: 'postgresql://u@db/nova' }],
    ['postgres://u@db/nova', { dialect: 'postgresql', url: 'postgresql://u@db/nova' }],
  ])('is read from %s', (text, expected) => {
    expect(parseConnectionUrl(text)).toEqual(expected);
  });

  it.each([
    '',
    'nova.sqlite',
    'mysql+pymysql://u:secret@db/nova',
    'sqlite://host/x',
    'postgresql://u:secret@db:port/nova',
  ])('is refused as %j, without repeating a password', (text) => {
    expect(() => parseConnectionUrl(text)).toThrow(DatabaseUrlError);
    expect(() => parseConnectionUrl(text)).not.toThrow(/secret/);
  });
});
