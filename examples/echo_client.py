import sys

from oslo_config import cfg
import oslo_messaging

url = sys.argv[1] if len(sys.argv) > 1 else 'rabbit://guest:guest@127.0.0.1:5672/'
transport = oslo_messaging.get_rpc_transport(cfg.CONF, url)
client = oslo_messaging.get_rpc_client(transport, oslo_messaging.Target(topic='echo'), timeout=10)
print(client.call({'request_id': 'req-1'}, 'echo', text='hello'))
transport.cleanup()
