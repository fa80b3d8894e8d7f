"""The vote stream (Algorithm 4), certify and predict (Algorithm 5), and the Certificate.

Nothing is imported here: a certificate is checked without torch, which the vote stream needs.
"""
