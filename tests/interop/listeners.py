"""Who hears a publisher. That it has a subscriber says little where several nodes listen to its topic."""


def hears(node, publisher, listener):
    """True once the node of this name, and all others that the graph knows, are matched with the publisher."""
    known = node.get_subscriptions_info_by_topic(publisher.topic_name)
    return listener in {each.node_name for each in known} and publisher.get_subscription_count() >= len(known)
