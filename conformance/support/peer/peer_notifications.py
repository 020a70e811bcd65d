"""What the peer does with notifications."""

import oslo_messaging


class Recorder:
    """Records the notifications of the given priorities; asks for the first `requeue` of them again."""

    def __init__(self, priorities, requeue, filter_rule):
        self.notifications = []
        self._requeue = requeue
        if filter_rule is not None:
            self.filter_rule = oslo_messaging.NotificationFilter(**filter_rule)
        for priority in priorities:
            setattr(self, priority, self._receiver(priority))

    def _receiver(self, priority):
        def receive(ctxt, publisher_id, event_type, payload, metadata):
            self.notifications.append({
                'priority': priority, 'ctxt': ctxt, 'publisher_id': publisher_id,
                'event_type': event_type, 'payload': payload, 'metadata': metadata,
            })
            if self._requeue > 0:
                self._requeue -= 1
                return oslo_messaging.NotificationResult.REQUEUE
            return oslo_messaging.NotificationResult.HANDLED
        return receive


class NotificationPart:
    def set_up_notifications(self):
        self.recorders = {}
        self.notification_transports = {}

    def listen(self, name, exchange, topics, priorities, pool=None, requeue=0, filter_rule=None):
        """Starts a listener, whose notifications `notified` gives by this name."""
        recorder = Recorder(priorities, requeue, filter_rule)
        self.recorders[name] = recorder
        listener = oslo_messaging.get_notification_listener(
            self._transport(exchange), [oslo_messaging.Target(topic=topic) for topic in topics],
            [recorder], executor='threading', allow_requeue=True, pool=pool)
        listener.start()

    def notified(self, name):
        return self.recorders[name].notifications

    def notify(self, exchange, topics, driver, priority, event_type, payload, publisher_id='py.host', ctxt=None):
        notifier = oslo_messaging.Notifier(
            self._transport(exchange), publisher_id, driver=driver, topics=topics)
        getattr(notifier, priority)(ctxt or {'user': 'py'}, event_type, payload)

    def _transport(self, exchange):
        """Notifications go to their transport's control exchange."""
        with self.conf_lock:
            if exchange not in self.notification_transports:
                self.conf.set_override('control_exchange', exchange)
                self.notification_transports[exchange] = oslo_messaging.get_notification_transport(
                    self.conf, self.url)
            return self.notification_transports[exchange]
