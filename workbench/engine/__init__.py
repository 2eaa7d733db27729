"""From a dataset folder to a trained model: the only room that imports torch and detectron2."""

import logging
import warnings

# What torch says of Detectron2's own code, which no user of ours can change.
for _said in ("`torch.jit.script` is deprecated", "torch.meshgrid: in an upcoming release"):
    warnings.filterwarnings("ignore", message=_said)
logging.getLogger("torch.fx._symbolic_trace").setLevel(logging.ERROR)
