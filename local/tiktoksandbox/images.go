package tiktoksandbox

// uploadImage takes a picture for a rejection (2.5); its uri is the image_id
// there. No shop_cipher (1.3).
func (s *Sandbox) uploadImage(c *call) (any, *apiError) {
	fields, problem := c.form()
	if problem != nil {
		return nil, problem
	}
	if fields["data"] == "" {
		return nil, fail(c.badParameter(), "`data` is missing.")
	}
	uri := "tos-demo/" + s.newToken("")
	s.images[uri] = true
	return object{"uri": uri, "url": "https://images.invalid/" + uri, "width": 200, "height": 200,
		"use_case": fields["use_case"]}, nil
}

// image is a picture that a rejection brings as evidence.
type image struct {
	ID string `json:"image_id"`
}

func (s *Sandbox) checkImages(images []image) *apiError {
	for _, one := range images {
		if !s.images[one.ID] {
			return fail(25001001, "Image %q was not uploaded.", one.ID)
		}
	}
	return nil
}
